# Counts what a test program did. Sourced by tools/test and by its own test.

# count_results JSON LOG STATUS: prints "<passed> <failed> <skipped>".
# JSON is what --gtest_output=json:<file> wrote, if the program lived to write it; LOG is all it printed; STATUS its exit
# status. A program that died, or that fails for a reason outside of any test, counts as one failure more.
count_results() {
  local json=$1 log=$2 status=$3 counts
  if [[ -s $json ]]; then
    counts=$(count_gtest_json "$json")
  elif counts=$(count_summary_line "$log") && [[ -n $counts ]]; then
    :
  else
    counts=$(count_gtest_text "$log")
    ((status == 0)) || counts=$(awk '{ print $1, $2 + 1, $3 }' <<<"$counts")
  fi
  awk -v status="$status" '{ print $1, (status != 0 && $2 == 0 ? 1 : $2), $3 }' <<<"$counts"
}

# Messages are escaped into one line each by gtest, so that a line which starts with these keys is a key.
count_gtest_json() {
  awk '
    /^ *"result": "COMPLETED",?$/ { ran++ }
    /^ *"result": "(SKIPPED|SUPPRESSED)",?$/ { skipped++ }
    /^ *"failures": \[$/ { failed++ }
    END { print ran - failed, failed + 0, skipped + 0 }' "$1"
}

# For programs that run their tests in other processes: their last line may be the sum.
count_summary_line() {
  tail -n 1 "$1" | awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { print $1, $3, $5 }'
}

# What gtest printed until it died.
count_gtest_text() {
  awk '
    /^\[       OK \] .*\([0-9]+ ms\)$/ { passed++ }
    /^\[  FAILED  \] .*\([0-9]+ ms\)$/ { failed++ }
    /^\[  SKIPPED \] .*\([0-9]+ ms\)$/ { skipped++ }
    END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}
