# Counts what a run of test programs came to. Sourced by tools/test and by its own test.

# count_results LOG STATUS: prints "<passed> <failed> <skipped>", as the runner has summed them up in LOG, all that it
# printed. One that died before that, or fails for a reason outside of any test, counts as one failure more.
count_results() {
  sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$1" | tail -n 1 | awk -v status="$2" '
    { passed = $1; failed = $2; skipped = $3 }
    END { print passed + 0, (status != 0 && failed == 0 ? 1 : failed + 0), skipped + 0 }'
}

# failed_tests LOG: their names, as the runner, or gtest where all ran in one process, printed them.
failed_tests() {
  sed -nE 's/^\[ ( FAILED |FAIL   |LEAK   |TIMEOUT|CRASH  |XPASS  ) \] (.*) \([0-9]+ ms\).*$/\2/p' "$1"
}
