#!/usr/bin/env bash
# `tractor ps`, `tractor tree` and `tractor dump` show a running tree as it is, a stopped actor and helpers included, in
# each cell.
#
# In a pid namespace of its own where that is allowed: else the actors of others would be listed too.
#
# Usage: test_ps.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
bin=$root/build/$preset/bin
if [[ -z ${TRACTOR_PS_INSIDE:-} ]]; then
  configure "$preset" >/dev/null && build "$preset" tractor_plugins tractor_cli tractor_process_program >/dev/null ||
    die "could not build the preset $preset"
  export TRACTOR_PS_INSIDE=1
  alone=(unshare --user --map-root-user --pid --fork --mount-proc --kill-child)
  "${alone[@]}" true 2>/dev/null || alone=()
  exec "${alone[@]}" "$BASH" "${BASH_SOURCE[0]}" "$preset"
fi

folder=$(mktemp -d)
root_pid=''
trap '[[ -z $root_pid ]] || kill -KILL "$root_pid"; rm -rf "$folder"' EXIT
export XDG_RUNTIME_DIR=$folder

"$bin/tractor" ps >"$folder/out" || die "tractor ps failed"
[[ $(<"$folder/out") == 'no actor of yours is running' ]] || die "actors before the first one: $(<"$folder/out")"
[[ $("$bin/tractor" tree --json) == '[]' ]] || die "the list in JSON is not empty"

# What a name holds does not reach the terminal.
bash -c "exec -a \$'_subactor[evil\e[31m\xc2\x9b@12345678]' sleep 600" &
root_pid=$!
for ((tries = 0; tries < 100; ++tries)); do
  ! "$bin/tractor" tree | tee "$folder/seen" | grep -q '^evil' || break
  sleep 0.1
done
grep -qF 'evil\x1b[31m\xc2\x9b@12345678' "$folder/seen" || die "a name is shown raw: $(<"$folder/seen")"
! "$bin/tractor" dump "$root_pid" >"$folder/seen" 2>&1 || die "a process that is none of ours is dumped"
grep -q 'does not listen to SIGUSR1' "$folder/seen" && kill -0 "$root_pid" || die "it was signalled: $(<"$folder/seen")"
kill -KILL "$root_pid"
wait "$root_pid" 2>/dev/null
root_pid=''

# shows PATTERN: a line of what was printed last matches.
shows() { grep -qE -- "$1" "$folder/seen" || die "$cell: no line has '$1' in: $(<"$folder/seen")"; }

for backend in fork_spawn trio_like; do
  for transport in tcp uds; do
    cell=$backend+$transport
    case $transport in
      tcp) registry=127.0.0.1:$((20000 + RANDOM % 10000)) listens='/ip4/127\.0\.0\.1/tcp/[0-9]+' ;;
      uds) registry=$folder/$backend.sock listens='/unix/[^ ]+' ;;
    esac
    : >"$folder/out"  # here, so that no line of the tree before is taken for one of this
    "$bin/tractor_process_program" tree --spawn-backend "$backend" --tpt-proto "$transport" \
      --registry-addr "$registry" >>"$folder/out" 2>&1 &
    root_pid=$!
    for ((tries = 0; tries < 200; ++tries)); do
      (($(grep -c 'is up' "$folder/out") < 4)) || break
      sleep 0.1
    done
    "$bin/tractor" ps >"$folder/seen"
    leaf=$(awk '$4 ~ /^taa@/ { print $1 }' "$folder/seen")
    [[ -n $leaf ]] || die "$cell: no leaf in $(<"$folder/seen"), which printed: $(<"$folder/out")"
    shows "^$root_pid +[0-9]+ +root +tractor_process"
    shows "^[0-9]+ +$root_pid +actor +ta@[0-9a-f]{8} +[a-z]+ +[0-9]+ +[0-9]+\.[0-9] +$backend +$transport +$listens"
    (($(grep -c ' actor ' "$folder/seen") == 6)) || die "$cell: not six actors in: $(<"$folder/seen")"
    ! grep -q ' helper ' "$folder/seen" || die "$cell: helpers that were not asked for"

    "$bin/tractor" tree --tasks >"$folder/seen" || die "$cell: no counts of tasks"
    shows "^  ta@[0-9a-f]{8} +[0-9]+ +[a-z]+ +[1-9][0-9]* "

    "$bin/tractor" dump >"$folder/seen" || die "$cell: no dump: $(<"$folder/seen")"
    [[ $(sed -nE 's/^ *actor ([a-z]+)[@_].*/\1/p' "$folder/seen" | tr '\n' ' ') =~ ^'tractor t'[ab]' t'[ab]{2}' ' ]] ||
      die "$cell: a parent is not first: $(grep 'actor ' "$folder/seen")"
    (($(grep -c '^ *actor ' "$folder/seen") == 7)) || die "$cell: not seven dumps: $(grep 'actor ' "$folder/seen")"
    shows '^ {10}(  \| )+  process_program::grow at main\.cpp:[0-9]+$'
    shows '^ {10}  nursery, tasks: [0-9]+$'
    "$bin/tractor" dump --json ta >"$folder/seen" || die "$cell: no dump of one by its name"
    (($(grep -o '"answered":true' "$folder/seen" | wc -l) == 3)) || die "$cell: not it and those below it"
    shows "\"name\":\"taa@[0-9a-f]{8}\",.*\"tasks\":\[\{\"name\":\"main\",\"state\":\"waiting\""
    ! "$bin/tractor" dump nobody 2>"$folder/seen" || die "$cell: nobody is dumped"
    shows "no actor of yours has the name or pid 'nobody'"

    kill -STOP "$leaf"
    "$bin/tractor" dump >"$folder/seen" 2>"$folder/said"
    (($? == 1)) || die "$cell: a stopped actor is no failure"
    grep -qE "^tractor: actor 'taa@[0-9a-f]{8}' \(pid $leaf\) is stopped" "$folder/said" || die "$cell: it is not named"
    shows "^ +actor tab@[0-9a-f]{8} .*\(pid [0-9]+, running"
    "$bin/tractor" tree >"$folder/seen"
    kill -CONT "$leaf"
    shows "^    taa@[0-9a-f]{8} +$leaf +stopped "
    shows "^  tb@[0-9a-f]{8} "
    "$bin/tractor" ps --json >"$folder/seen"
    shows "\"pid\":$leaf,\"parent\":[0-9]+,\"role\":\"actor\",\"name\":\"taa@"
    "$bin/tractor" ps --helpers >"$folder/seen"
    [[ $backend != fork_spawn ]] || shows ' helper '

    kill -INT "$root_pid"
    wait "$root_pid"
    root_pid=''
    [[ $("$bin/tractor" ps) == 'no actor of yours is running' ]] || die "$cell: actors after the end of their root"
  done
done
say "the tree is shown in each cell"
