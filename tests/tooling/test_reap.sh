#!/usr/bin/env bash
# tractor-reap finds and ends a real orphan, removes the sockets, the shared memory and the dumps of dead actors, and
# leaves living trees alone.
#
# An actor is stopped before its parent is killed, so that it cannot end itself. Everything happens in a pid namespace
# of its own, with a /dev/shm of its own, where that is allowed: else orphans of others would be reaped too.
#
# Usage: test_reap.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
if [[ -z ${TRACTOR_REAP_INSIDE:-} ]]; then
  configure "$preset" >/dev/null && build "$preset" tractor tractor_plugins tractor_bench tractor_cli tractor_reap tractor_process_program test_broken_transport >/dev/null ||
    die "could not build the preset $preset"
  export TRACTOR_REAP_INSIDE=1
  alone=(unshare --user --map-root-user --pid --fork --mount-proc --kill-child)
  "${alone[@]}" true 2>/dev/null || alone=()
  ((${#alone[@]} == 0)) || export TRACTOR_REAP_ALONE=1
  exec "${alone[@]}" "$BASH" "${BASH_SOURCE[0]}" "$preset"
fi

[[ -z ${TRACTOR_REAP_ALONE:-} ]] || mount -t tmpfs tmpfs /dev/shm || die "no /dev/shm of its own"
bin=$root/build/$preset/bin
folder=$(mktemp -d)
mine=()
clean_up() {
  local pid
  for pid in "${mine[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  rm -rf "$folder"
}
trap clean_up EXIT
export XDG_RUNTIME_DIR=$folder/run
mkdir -m 0700 "$XDG_RUNTIME_DIR"

eventually() { # eventually WHAT COMMAND...: within ten seconds
  local what=$1 tries
  shift
  for ((tries = 0; tries < 500; ++tries)); do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.02
  done
  die "not within ten seconds: $what"
}

# children PID: its children that are actors.
children() { pgrep -P "$1" -f '^_subactor\['; }
state_is() { [[ $(ps -o stat= -p "$1") == "$2"* ]]; }
has_other_parent() { local parent; parent=$(ps -o ppid= -p "$1") && ((parent != $2)); }
is_gone() { ! kill -0 "$1" 2>/dev/null || state_is "$1" Z; }
reap() { "$bin/tractor-reap" "$@" >"$folder/out" 2>"$folder/err"; }
said() { grep -qF "$1" "$folder/out" || { cat "$folder/out" "$folder/err"; die "tractor-reap did not say: $1"; }; }
silent_on() { ! grep -qF "$1" "$folder/out" || { cat "$folder/out"; die "tractor-reap spoke of: $1"; }; }

start_tree() { # start_tree BACKEND: sets tree and actor
  "$bin/tractor_bench" --calls 100000000 --spawn-backend "$1" --tpt-proto uds >"$folder/tree" 2>&1 &
  tree=$!
  mine+=("$tree")
  eventually "the tree of $1 has an actor" children "$tree"
  actor=$(children "$tree")
  mine+=("$actor")
}

check_backend() { # check_backend BACKEND
  local commands holder
  start_tree "$1"
  reap --dry-run --uds || die "a dry run over a living tree failed"
  silent_on " $actor "
  silent_on ".sock"
  reap --uds || die "a sweep over a living tree failed"
  { kill -0 "$tree" && kill -0 "$actor"; } || die "a living tree was touched"

  # Its boot is over when both listen.
  eventually 'both actors listen' bash -c "[[ \$(find '$XDG_RUNTIME_DIR' -name '*.sock' | wc -l) -ge 2 ]]"
  # A stopped actor would wake at the death of its root, and end itself. What a debugger holds does not.
  mkfifo "$folder/commands"
  exec {commands}<>"$folder/commands"
  gdb -q -nx -p "$actor" <&"$commands" >"$folder/gdb" 2>&1 &
  holder=$!
  mine+=("$holder")
  eventually 'a debugger holds the actor' state_is "$actor" t
  kill -KILL "$tree"
  wait "$tree" 2>/dev/null
  eventually 'the actor is an orphan' has_other_parent "$actor" "$tree"

  reap -n || die "a dry run failed"
  said "found process $actor _subactor[echo@"
  said "nothing was touched"
  ! is_gone "$actor" || die "a dry run ended a process"
  reap --uds-only -n || die "a dry run over sockets failed"
  silent_on "found process"
  reap --json -n || die "a dry run in JSON failed"
  said "\"pid\":$actor,"

  # It is held, and hears nothing.
  reap --uds --grace 0.2
  (($? == 1)) || { cat "$folder/out" "$folder/err"; die "an actor that had to be killed is exit code 1"; }
  said "killed process $actor _subactor[echo@"
  said "removed socket $XDG_RUNTIME_DIR"
  is_gone "$actor" || die "the orphan lives"
  kill -KILL "$holder"
  wait "$holder" 2>/dev/null
  exec {commands}<&-
  rm "$folder/commands"
  [[ -z $(find "$XDG_RUNTIME_DIR" -name '*.sock') ]] || die "a socket was left"
  reap --uds || die "a sweep over nothing failed"
  said "0 removed, 0 failed"
}

segments() { ls /dev/shm | grep -c "^tractor-shm\.$1\."; }
has_segment() { (($(segments "$1") == 1)); }

# The memory of a root that was killed, while another process has it open, and after that.
check_shm() {
  local holder key
  "$bin/tractor_process_program" shm_alone >"$folder/owner" 2>&1 &
  tree=$!
  mine+=("$tree")
  eventually 'a root has made shared memory' has_segment "$tree"
  key=/dev/shm/$(ls /dev/shm | grep "^tractor-shm\.$tree\.")
  reap --shm || die "a sweep over a living root failed"
  silent_on "$key"
  has_segment "$tree" || die "the memory of a living root was removed"

  sleep 600 3<"$key" &
  holder=$!
  mine+=("$holder")
  kill -KILL "$tree"
  wait "$tree" 2>/dev/null
  reap --shm || die "a sweep over memory in use failed"
  silent_on "$key"
  has_segment "$tree" || die "memory that a process has open was removed"
  kill -KILL "$holder"
  wait "$holder" 2>/dev/null

  reap || die "a sweep over processes failed"
  has_segment "$tree" || die "memory was removed without --shm"
  reap --shm -n || die "a dry run over memory failed"
  said "found shm $key: process $tree, which made it, is dead"
  reap --shm-only -n --json || die "a dry run in JSON failed"
  said "\"kind\":\"shm\""
  has_segment "$tree" || die "a dry run removed memory"
  reap --shm-only || die "the sweep failed"
  said "removed shm $key"
  said "1 removed, 0 failed"
  ! has_segment "$tree" || die "memory was left"
  reap --shm-only --uds-only || die "a sweep over nothing failed"
  said "0 removed, 0 failed"
}

# What others left is removed only if asked for, with a warning.
check_foreign_shm() {
  echo something >/dev/shm/sem.somebody
  reap --shm || die "a sweep failed"
  [[ -e /dev/shm/sem.somebody ]] || die "a file of another program was removed"
  reap --shm-all -n || die "a dry run over all memory failed"
  said "found shm /dev/shm/sem.somebody: nobody uses it"
  grep -q 'other programs keep on purpose' "$folder/err" || die "--shm-all gives no warning"
  # Never where others have theirs.
  if [[ -n ${TRACTOR_REAP_ALONE:-} ]]; then
    reap --shm-all || die "a sweep over all memory failed"
    said "removed shm /dev/shm/sem.somebody"
    [[ ! -e /dev/shm/sem.somebody ]] || die "the file is still there"
  fi
  rm -f /dev/shm/sem.somebody
}

# The dump of a root that was killed stays to be read, and goes when it is asked for.
check_dumps() {
  local file
  "$bin/tractor_process_program" shm_alone >"$folder/owner" 2>&1 &
  tree=$!
  mine+=("$tree")
  eventually 'a root has made shared memory' has_segment "$tree"
  file=$XDG_RUNTIME_DIR/tractor/tractor-stackscope-$tree.log
  kill -USR1 "$tree"
  eventually 'the root has dumped its tasks' test -s "$file"
  reap --dumps || die "a sweep over a living root failed"
  [[ -e $file ]] || die "the dump of a living root was removed"
  kill -KILL "$tree"
  wait "$tree" 2>/dev/null
  reap --shm || die "a sweep without --dumps failed"
  [[ -e $file ]] || die "a dump was removed without --dumps"
  reap --dumps -n || die "a dry run over dumps failed"
  said "found dump $file: process $tree is dead"
  reap --dumps || die "the sweep failed"
  said "removed dump $file"
  [[ ! -e $file ]] || die "a dump was left"
}

# The children of a living process, if it is named.
check_parent() { # check_parent BACKEND
  start_tree "$1"
  eventually 'both actors listen' bash -c "[[ \$(find '$XDG_RUNTIME_DIR' -name '*.sock' | wc -l) -ge 2 ]]"
  reap --parent "$tree" -n || die "a dry run over the children of a process failed"
  said "found process $actor _subactor[echo@"
  said "a child of pid $tree"
  reap --parent "$$" || die "a sweep over the children of another process failed"
  said "0 removed, 0 failed"
  reap --parent "$tree" || { cat "$folder/out" "$folder/err"; die "the sweep failed"; }
  said "removed process $actor _subactor[echo@"
  wait "$tree"
  (($? == 1)) || die "the tree did not see that its actor was ended: $(<"$folder/tree")"
}

# What a plugin of others says that is no process, no socket and no memory.
check_others() {
  local file=$folder/left-by-a-plugin plugins=$root/build/$preset/tests/plugins/broken
  echo left >"$file"
  export TRACTOR_TEST_LEFTOVER=$file
  reap --plugin-path "$plugins" --uds -n || die "a dry run failed"
  silent_on "$file"
  reap --plugin-path "$plugins" --others -n || die "a dry run over the others failed"
  said "found file $file"
  reap --plugin-path "$plugins" --others || { cat "$folder/out" "$folder/err"; die "the sweep failed"; }
  said "removed file $file"
  [[ ! -e $file ]] || die "the file of the plugin is still there"
  unset TRACTOR_TEST_LEFTOVER
}

# A test run that is killed leaves its folder, with the sockets of its actors; its workers end with it.
check_run() {
  has_target "$preset" tractor_harness_probe || return 0
  local runs
  build "$preset" tractor_harness_probe >/dev/null || die "could not build the probe"
  "$bin/tractor_harness_probe" --isolate process --timeout-scale 20 --gtest_filter='beside.waits_with_company/*+uds' \
    >"$folder/runner" 2>&1 &
  tree=$!
  mine+=("$tree")
  folder_of_run() { runs=$(readlink /proc/"$tree"/fd/* | grep -m 1 '^/tmp/tractor-run-'); }
  has_sockets() { folder_of_run && [[ -n $(find "$runs" -name '*.sock' 2>/dev/null) ]]; }
  eventually 'the actors of a test listen' has_sockets
  folder_of_run
  reap --uds || die "a sweep over a living run failed"
  silent_on "$runs"
  of_run() { grep -lazsE "=$runs(/|$)" /proc/[0-9]*/environ | cut -d/ -f3; }
  has_company() { (($(of_run | wc -l) >= 4)); }
  eventually 'a daemon and programs stand beside the test' has_company
  # Its cleaner first, which would do all this itself.
  pkill -KILL -P "$tree" -x tractor-cleaner || die "the runner has no cleaner"
  kill -KILL "$tree"
  wait "$tree" 2>/dev/null
  eventually 'its workers have ended' bash -c "! pgrep -f -- --worke[r]=$runs"
  reap --uds-only
  (($? == 1)) || die "processes of the run live, so its folder has to stay: exit code 1"
  said "failed folder $runs: a process of it lives: "
  reap --uds --shm || { cat "$folder/out" "$folder/err"; die "the sweep failed"; }
  said "of the test run $runs, which is dead"
  said "removed folder $runs"
  [[ -z $(of_run) ]] || die "processes of the run were left"
  [[ ! -e $runs ]] || die "the folder of the run was left"
}

check_run
check_shm
check_others
check_foreign_shm
check_dumps

for file in "$root/build/$preset"/lib/tractor/plugins/libtractor_spawn_*.so; do
  key=${file##*/libtractor_spawn_}
  check_backend "${key%.so}"
  check_parent "${key%.so}"
done

"$bin/tractor" reap -n >"$folder/out" 2>"$folder/err" || die "tractor reap: $(<"$folder/err")"
said "0 found, nothing was touched"

# Too large for a process of Linux.
reap --parent 2000000000
(($? == 1)) || die "a process that is not there: exit code 1"
grep -qx 'tractor-reap: --parent 2000000000: there is no such process' "$folder/err" || die "it says: $(<"$folder/err")"
reap --parent 0
(($? == 2)) || die "process 0 is wrong usage: exit code 2"
reap --no-such-flag
(($? == 2)) || die "an unknown flag is wrong usage: exit code 2"
reap --plugin-path "$folder/none/such" -n || die "a folder that is not there is passed over"
say "tractor-reap: all is well"
