#!/usr/bin/env bash
# tools/test counts right, and shows it on one page: from gtest's JSON, from a sum line, from the text of a program that died.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
source "$root/tools/results.sh"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0
none=$folder/none.json

expect() { # expect TEXT JSON LOG STATUS
  local counts
  counts=$(count_results "$2" "$3" "$4")
  if [[ $counts != "$1" ]]; then
    say "expected '$1', counted '$counts' for $2 $3 $4"
    failures=$((failures + 1))
  fi
}

# As gtest 1.12 writes it; the message holds text that looks like keys.
cat >"$folder/three.json" <<'JSON'
{
  "tests": 4,
  "failures": 1,
  "testsuites": [
    {
      "name": "suite",
      "testsuite": [
        {
          "name": "passes",
          "status": "RUN",
          "result": "COMPLETED",
          "time": "0s"
        },
        {
          "name": "fails",
          "status": "RUN",
          "result": "COMPLETED",
          "time": "0s",
          "failures": [
            {
              "failure": "a_test.cpp:3\n\"result\": \"COMPLETED\",\n\"failures\": [\n",
              "type": ""
            },
            {
              "failure": "a_test.cpp:4\nagain",
              "type": ""
            }
          ]
        },
        {
          "name": "skips",
          "status": "RUN",
          "result": "SKIPPED",
          "time": "0s"
        },
        {
          "name": "DISABLED_one",
          "status": "NOTRUN",
          "result": "SUPPRESSED",
          "time": "0s"
        }
      ]
    }
  ]
}
JSON
sed -e '/"failures": \[/,/^          \]/d' "$folder/three.json" >"$folder/good.json"
: >"$folder/empty.log"
expect '1 1 2' "$folder/three.json" "$folder/empty.log" 1
expect '2 0 2' "$folder/good.json" "$folder/empty.log" 0
expect '2 1 2' "$folder/good.json" "$folder/empty.log" 77  # say, a leak found after the last test

printf '%s\n' '[       OK ] a.b (0 ms)' '12 passed, 2 failed, 1 skipped' >"$folder/sum.log"
expect '12 2 1' "$none" "$folder/sum.log" 1
printf '%s\n' '12 passed, 0 failed, 1 skipped' >"$folder/sum.log"
expect '12 0 1' "$none" "$folder/sum.log" 0
expect '12 1 1' "$none" "$folder/sum.log" 139

printf '%s\n' '[ RUN      ] a.b' '[       OK ] a.b (0 ms)' '[ RUN      ] a.c' '[  FAILED  ] a.c (3 ms)' \
  '[ RUN      ] a.d' '[  SKIPPED ] a.d (0 ms)' '[ RUN      ] a.e' 'Segmentation fault' >"$folder/died.log"
expect '1 2 1' "$none" "$folder/died.log" 139
expect '0 1 0' "$none" "$folder/empty.log" 127
expect '0 0 0' "$none" "$folder/empty.log" 0
expect '0 1 0' "$folder/empty.log" "$folder/empty.log" 124

# One page shows those tests, too: below the rows of the matrix, what failed with what it said.
on_page() {
  grep -qF -- "$1" "$folder/page.html" && return
  say "the page does not have '$1':" "$(<"$folder/page.html")"
  failures=$((failures + 1))
}
printf '%s\n' '<th>test</th></tr></thead><tbody>' '<tr><td>of.the_matrix</td></tr>' '</tbody></table>' >"$folder/page.html"
sed -i 's/a_test.cpp:3/<a> \\"b\\" \\\\n \\\/c \& d/' "$folder/three.json"
add_rows "$folder/page.html" "$folder/three.json" "$none"
on_page '<tr data-name="suite.passes" data-bad="0"><td>suite.passes</td><td class="v" colspan="99"><span class="PASS">PASS</span> 0 s</td></tr>'
on_page '<tr data-name="suite.fails" data-bad="1">'
on_page '<span class="FAIL">FAIL</span> 0 s<details><summary>output</summary><pre>&lt;a> &quot;b&quot; \n /c &amp; d'
on_page '<tr data-name="suite.skips" data-bad="0"><td>suite.skips</td><td class="v" colspan="99"><span class="SKIP">SKIP</span> 0 s'
on_page '<tr data-name="none.json" data-bad="1">'
[[ $(sed -n '2p;$p' "$folder/page.html") == $'<tr><td>of.the_matrix</td></tr>\n</tbody></table>' ]] ||
  { say 'the page is in disorder:' "$(<"$folder/page.html")"; failures=$((failures + 1)); }
add_rows "$folder/no_page.html" "$folder/three.json"
[[ ! -e $folder/no_page.html ]] || { say 'rows without a page'; failures=$((failures + 1)); }

((failures == 0))
