#!/usr/bin/env bash
# The README's lines for watching a tree of actors, as they stand there, show the tree of the main example.
#
# In a pid namespace of its own where that is allowed: else the main example of others would be found too.
#
# Usage: test_watch_line.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
if [[ -z ${TRACTOR_WATCH_INSIDE:-} ]]; then
  configure "$preset" >/dev/null && build "$preset" tractor_plugins example_word_count >/dev/null ||
    die "could not build the preset $preset"
  export TRACTOR_WATCH_INSIDE=1
  alone=(unshare --user --map-root-user --pid --fork --mount-proc --kill-child)
  "${alone[@]}" true 2>/dev/null || alone=()
  exec "${alone[@]}" "$BASH" "${BASH_SOURCE[0]}" "$preset"
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
watch_line=$(grep -m 1 '^watch ' "$root/README.md")
pgrep_line=$(grep -m 1 '^pgrep ' "$root/README.md")
[[ -n $watch_line && -n $pgrep_line ]] || die "the README has no line that begins with 'watch' or 'pgrep'"

# As typed: by a shell that has the line from a terminal and not in its own arguments.
typed() { TERM=xterm timeout "$1" bash -s <<<"$2" 2>&1; }

actors() { typed 5 "$pgrep_line"; }

# Watches the demo $1 once it has actors. They and what is drawn belong to a running program, which may end at any
# moment: it is stopped while it is looked at.
look_at() {
  seen=''
  while [[ -z $seen ]] && kill -0 "$1" 2>/dev/null; do
    [[ $(actors) == *'_subactor[counter-0@'* ]] || continue
    kill -STOP "$1"
    listed=$(actors) drawn=$(typed 1 "$watch_line")
    # pstree shows the kernel's name of a process, of which there are 15 characters.
    [[ $listed == *'_subactor[counter-0@'* && $drawn == *'word_count'* && $drawn == *'_subactor[count'* ]] && seen=1
    kill -CONT "$1"
  done
}

for backend in fork_spawn trio_like; do
  # On a busy machine a whole demo may pass between two looks.
  for ((run = 1, seen = 0; run <= 10 && !seen; run++)); do
    "$root/build/$preset/bin/examples/word_count" --demo --workers 3 --spawn-backend "$backend" >"$folder/demo" 2>&1 &
    demo=$! listed='' drawn=''
    look_at "$demo"
    wait "$demo" || { cat "$folder/demo"; die "word_count --demo failed"; }
  done
  [[ -n $seen ]] || die "$backend: nothing to be seen in 10 runs; the last was: $listed / $drawn"
  [[ $(actors) != *_subactor* ]] || die "$backend: actors after the end of the program"
done
say "the lines of the README show the tree"
