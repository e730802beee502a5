#!/usr/bin/env bash
# `tractor top` shows a tree live on a terminal, ends at q, and gives the terminal back as it was; elsewhere it is plain text.
#
# In a pid namespace of its own where that is allowed: else the actors of others would be listed too.
#
# Usage: test_top.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
bin=$root/build/$preset/bin
if [[ -z ${TRACTOR_TOP_INSIDE:-} ]]; then
  configure "$preset" >/dev/null && build "$preset" tractor_plugins tractor_cli tractor_process_program >/dev/null ||
    die "could not build the preset $preset"
  export TRACTOR_TOP_INSIDE=1
  alone=(unshare --user --map-root-user --pid --fork --mount-proc --kill-child)
  "${alone[@]}" true 2>/dev/null || alone=()
  exec "${alone[@]}" "$BASH" "${BASH_SOURCE[0]}" "$preset"
fi

folder=$(mktemp -d)
mine=()
clean_up() {
  local pid
  for pid in "${mine[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  rm -rf "$folder"
}
trap clean_up EXIT
export XDG_RUNTIME_DIR=$folder

eventually() { # eventually WHAT COMMAND...: within ten seconds
  local what=$1 tries
  shift
  for ((tries = 0; tries < 500; ++tries)); do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.02
  done
  die "not within ten seconds: $what: $(tr -d '\033' <"$folder/screen" | tail -c 1000)"
}

: >"$folder/out"
: >"$folder/screen"
"$bin/tractor_process_program" tree --spawn-backend fork_spawn --tpt-proto uds --registry-addr "$folder/root.sock" \
  >"$folder/out" 2>&1 &
tree=$!
mine+=("$tree")
all_up() { (($(grep -c 'is up' "$folder/out") == 4)); }
eventually 'the tree is there' all_up

"$bin/tractor" top >"$folder/plain" || die "top without a terminal: $(<"$folder/plain")"
grep -qE '^ACTOR +PID +STATE +TASKS +CPU % +RSS MiB +PSS MiB +THREADS +BACKEND +TRANSPORT +AGE$' "$folder/plain" ||
  die "no head: $(<"$folder/plain")"
grep -qE "^tractor_process +$tree +[a-z]+ +- +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9]+ +fork_spawn +uds +0:0" "$folder/plain" ||
  die "no root: $(<"$folder/plain")"
grep -qE '^    taa@[0-9a-f]{8} ' "$folder/plain" || die "no leaf below its parents: $(<"$folder/plain")"
! grep -q $'\033' "$folder/plain" || die "plain text steers a terminal"
"$bin/tractor" top --once --tasks >"$folder/plain" || die "top --once --tasks: $(<"$folder/plain")"
grep -qE '^    taa@[0-9a-f]{8} +[0-9]+ +[a-z]+ +[1-9]' "$folder/plain" || die "no tasks: $(<"$folder/plain")"
"$bin/tractor" top --json >"$folder/plain"
grep -qE '^\[\{"pid":.*"cpu_seconds":.*"transports":\["uds"\]' "$folder/plain" || die "no JSON: $(<"$folder/plain")"

# On a terminal of its own, which must be as before when it is over.
mkfifo "$folder/keys"
cat >"$folder/session" <<END
stty rows 30 cols 150
before=\$(stty -g)
'$bin/tractor' top --interval 0.2
echo "ended with \$?"
[[ \$(stty -g) == "\$before" ]] && echo "the terminal is as before"
END
TERM=xterm script -qfec "bash '$folder/session'" "$folder/screen" <"$folder/keys" >/dev/null 2>&1 &
session=$!
mine+=("$session")
exec 3>"$folder/keys"
for name in tractor_process ta@ tb@ taa@ tab@ tba@ tbb@; do
  eventually "the screen shows $name" grep -qF "$name" "$folder/screen"
done
# Only what has changed is written: of sleeping, which became stopped, not all.
leaf=$("$bin/tractor" ps | awk '$4 ~ /^taa@/ { print $1 }')
kill -STOP "$leaf"
eventually 'the screen follows' grep -qF topp "$folder/screen"
kill -CONT "$leaf"
printf q >&3
eventually 'q ends it' grep -qF 'ended with 0' "$folder/screen"
eventually 'the terminal is given back' grep -qF 'the terminal is as before' "$folder/screen"
grep -qF $'\033[?1049h' "$folder/screen" && grep -qF $'\033[?1049l' "$folder/screen" || die "the screen before is lost"
cursor=$(grep -aoF -e $'\033[?25h' -e $'\033[?25l' "$folder/screen" | tail -1)
[[ $cursor == $'\033[?25h' ]] || die "the cursor is lost"
exec 3>&-
wait "$session"

TERM=none script -qec "'$bin/tractor' top" /dev/null </dev/null >"$folder/plain" 2>&1
grep -qF "cannot steer this terminal (TERM is 'none')" "$folder/plain" || die "a bad TERM: $(<"$folder/plain")"

kill -INT "$tree"
wait "$tree"
"$bin/tractor" top >"$folder/plain"
[[ $(<"$folder/plain") == 'no actor of yours is running' ]] || die "actors after the end: $(<"$folder/plain")"
say "top works"
