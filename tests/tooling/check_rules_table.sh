#!/usr/bin/env bash
# Every test that a row of docs/rules.md or docs/promises.md names exists: `suite.name` in the sources,
# `wrong_spellings.name` as a program there, `test_name.sh` or `check_name.sh` as a script; and every row names one.
# In the sections about what holds between actors each row names a test that runs in every cell, or a program that must
# not compile: what runs in one process alone does not prove it.
# Usage: check_rules_table.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

tables=()
for table in docs/rules.md docs/promises.md; do [[ ! -f $table ]] || tables+=("$table"); done
((${#tables[@]} > 0)) || die "there is no table"
mapfile -t files < <(source_files 'tests/*.cpp')
((${#files[@]} > 0)) || die "no tests found"

# declared MACRO...: the tests that these declare. A declaration may go on in its next line.
declared() {
  local any
  any=$(printf '%s|' "$@")
  cat "${files[@]}" | tr '\n' ' ' |
    grep -oE "\\b(${any%|})\\( *[A-Za-z_0-9]+ *, *[A-Za-z_0-9]+" |
    sed -E 's/^[A-Z_]+\( *//; s/ *, */./'
}

cell_sections='|Contexts and streams|Cancellation|Errors|Orders|'
in_cells=$(
  declared TRACTOR_TEST TRACTOR_CELL_TEST
  source_files 'tests/tooling/wrong_spellings/*.cc' | sed 's|.*/|wrong_spellings.|; s|\.cc$||'
)
known=$(
  echo "$in_cells"
  declared TEST TEST_F TEST_P
  source_files 'tests/tooling/test_*.sh' 'tests/tooling/check_*.sh' | sed 's|.*/||'
)

# check_table FILE: prints what is wrong with it.
check_table() {
  local number=0 rows=0 section='' line tests test
  while IFS= read -r line; do
    number=$((number + 1))
    case $line in
      '## '*) section=${line#'## '} ;;
    esac
    case $line in
      '|--'* | *'| test |' | [!'|']* | '') continue ;;
    esac
    rows=$((rows + 1))
    tests=$(grep -oE '`[A-Za-z_0-9]+\.[A-Za-z_0-9]+`' <<<"$line" | tr -d '`')
    [[ -n $tests ]] || say "$1:$number: this row names no test"
    for test in $tests; do
      grep -qxF -- "$test" <<<"$known" || say "$1:$number: there is no test $test"
    done
    [[ -n $tests && -n $section && $cell_sections == *"|$section|"* ]] || continue
    grep -qxF -- "$tests" <<<"$in_cells" || say "$1:$number: no test of this row runs in the cells"
  done <"$1"
  ((rows > 0)) || say "$1 has no rows"
}

wrong=$(for table in "${tables[@]}"; do check_table "$table"; done)
[[ -z $wrong ]] || { say "$wrong"; exit 1; }
