#!/usr/bin/env bash
# Every test that a row of docs/rules.md or docs/promises.md names exists: `suite.name` in the sources,
# `wrong_spellings.name` as a program there, `test_name.sh` or `check_name.sh` as a script; and every row names one.
# Usage: check_rules_table.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

tables=()
for table in docs/rules.md docs/promises.md; do [[ ! -f $table ]] || tables+=("$table"); done
((${#tables[@]} > 0)) || die "there is no table"
mapfile -t files < <(source_files 'tests/*.cpp')
((${#files[@]} > 0)) || die "no tests found"

# A declaration may go on in its next line.
known=$(
  cat "${files[@]}" | tr '\n' ' ' |
    grep -oE '\b(TRACTOR_TEST|TRACTOR_CELL_TEST|TEST|TEST_F|TEST_P)\( *[A-Za-z_0-9]+ *, *[A-Za-z_0-9]+' |
    sed -E 's/^[A-Z_]+\( *//; s/ *, */./'
  source_files 'tests/tooling/wrong_spellings/*.cc' | sed 's|.*/|wrong_spellings.|; s|\.cc$||'
  source_files 'tests/tooling/test_*.sh' 'tests/tooling/check_*.sh' | sed 's|.*/||'
)

# check_table FILE: prints what is wrong with it.
check_table() {
  local number=0 rows=0 line tests test
  while IFS= read -r line; do
    number=$((number + 1))
    case $line in
      '|--'* | *'| test |' | [!'|']* | '') continue ;;
    esac
    rows=$((rows + 1))
    tests=$(grep -oE '`[A-Za-z_0-9]+\.[A-Za-z_0-9]+`' <<<"$line" | tr -d '`')
    [[ -n $tests ]] || say "$1:$number: this row names no test"
    for test in $tests; do
      grep -qxF -- "$test" <<<"$known" || say "$1:$number: there is no test $test"
    done
  done <"$1"
  ((rows > 0)) || say "$1 has no rows"
}

wrong=$(for table in "${tables[@]}"; do check_table "$table"; done)
[[ -z $wrong ]] || { say "$wrong"; exit 1; }
