#!/usr/bin/env bash
# The check of coroutine forms finds each bad form of coroutine_traps.txt and no other line of it.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "$root/tests/tooling" || exit 1

output=$(awk -f coroutine_traps.awk coroutine_traps.txt)
status=$?
((status == 1)) || die "exit status $status where bad forms are found: expected 1"
found=$(cut -d: -f2 <<<"$output" | sort -nu)
expected=$(grep -n '// trap$' coroutine_traps.txt | cut -d: -f1)
if [[ $found != "$expected" ]]; then
  diff <(say "$expected") <(say "$found") |
    sed -n -e 's/^< /not found: coroutine_traps.txt:/p' -e 's/^> /wrongly found: coroutine_traps.txt:/p'
  exit 1
fi
say "$(wc -l <<<"$found") bad forms found"
