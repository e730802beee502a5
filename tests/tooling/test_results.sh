#!/usr/bin/env bash
# tools/test counts right: from the sum of a run, also if more comes behind it, and of a run that died before it.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
source "$root/tools/results.sh"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

expect() { # expect TEXT STATUS LINE...: of a log with these lines
  printf '%s\n' "${@:3}" >"$folder/log"
  local counts
  counts=$(count_results "$folder/log" "$2")
  if [[ $counts != "$1" ]]; then
    say "expected '$1', counted '$counts' of status $2 and:" "$(<"$folder/log")"
    failures=$((failures + 1))
  fi
}

expect '12 0 1' 0 '[ PASS    ] a.b (1 ms)' '12 passed, 0 failed, 1 skipped'
expect '12 2 1' 1 '12 passed, 2 failed, 1 skipped'
expect '12 2 1' 1 '12 passed, 2 failed, 1 skipped' '::error title=a.b::FAIL'
expect '1 1 0' 1 'a test printed: 9 passed, 9 failed, 9 skipped' '9 passed, 9 failed, 9 skipped' '1 passed, 1 failed, 0 skipped'
expect '12 1 1' 77 '12 passed, 0 failed, 1 skipped'  # say, a leak found after the last test
expect '0 1 0' 139 '[ PASS    ] a.b (1 ms)' 'Segmentation fault'
expect '0 1 0' 124 ''
expect '0 0 0' 0 ''

printf '%s\n' '[ PASS    ] a.a (0 ms)' '[ FAIL    ] a.b/c+d (3 ms): why' '[ LEAK    ] a.c (3 ms)' '[ FLAKY   ] a.d (1 ms)' \
  '[ TIMEOUT ] a.e (3 ms)' '[ CRASH   ] a.f (9 ms): signal 11' '[ XPASS   ] a.g (1 ms)' '[       OK ] a.h (1 ms)' \
  '[  FAILED  ] a.i (1 ms)' '[  FAILED  ] a.i' >"$folder/log"
[[ $(failed_tests "$folder/log") == $'a.b/c+d\na.c\na.e\na.f\na.g\na.i' ]] ||
  { say 'failed were:' "$(failed_tests "$folder/log")"; failures=$((failures + 1)); }

((failures == 0))
