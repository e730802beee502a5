# Counts what a test program did, and shows it on the page of the matrix. Sourced by tools/test and by its own test.

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

# add_rows PAGE JSON...: puts what programs without cells did on the page of the matrix, below its own tests.
add_rows() {
  local page=$1
  [[ -e $page ]] || return 0
  gtest_rows "${@:2}" >"$page.rows"
  awk -v rows="$page.rows" '/^<\/tbody>/ { while ((getline line <rows) > 0) print line } { print }' "$page" >"$page.new"
  mv "$page.new" "$page"
  rm "$page.rows"
}

# gtest_rows JSON...: the rows of those pages, one for each test. A program that left no file is one that failed.
gtest_rows() {
  local json
  for json; do
    if [[ -s $json ]]; then
      gtest_rows_of "$json"
    else
      json=${json##*/}
      say "<tr data-name=\"$json\" data-bad=\"1\"><td>$json</td><td class=\"v\" colspan=\"99\">" \
        "<span class=\"CRASH\">CRASH</span></td></tr>"
    fi
  done
}

# The indents of gtest's file tell a suite from a test of it.
gtest_rows_of() {
  awk '
    function text_of(line) {
      sub(/^ *"[a-z]+": "/, "", line)
      sub(/",?$/, "", line)
      gsub(/\\\\/, mark, line)
      gsub(/\\n/, "\n", line)
      gsub(/\\t/, "\t", line)
      gsub(/\\/, "", line)
      gsub(mark, "\\", line)
      gsub(/&/, "\\&amp;", line)
      gsub(/</, "\\&lt;", line)
      gsub(/"/, "\\&quot;", line)
      return line
    }
    function finish() {
      if (name == "") return
      word = said != "" ? "FAIL" : result == "COMPLETED" ? "PASS" : "SKIP"
      printf "<tr data-name=\"%s\" data-bad=\"%d\"><td>%s</td>", name, word == "FAIL", name
      printf "<td class=\"v\" colspan=\"99\"><span class=\"%s\">%s</span> %s", word, word, took
      if (said != "") printf "<details><summary>output</summary><pre>%s</pre></details>", said
      print "</td></tr>"
      name = said = ""
    }
    BEGIN { mark = sprintf("%c", 1) }
    /^      "name": / { suite = text_of($0) }
    /^          "name": / { finish(); name = suite "." text_of($0) }
    /^          "result": / { result = text_of($0) }
    /^          "time": / { took = text_of($0); sub(/s$/, " s", took) }
    /^              "failure": / { said = said text_of($0) "\n" }
    END { finish() }' "$1"
}
