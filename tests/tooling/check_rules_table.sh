#!/usr/bin/env bash
# Every test that a row of docs/rules.md names exists: `suite.name` in the sources, `wrong_spellings.name` as a program
# there; and every row names one. Usage: check_rules_table.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

table=docs/rules.md
[[ -f $table ]] || die "there is no $table"
mapfile -t files < <(source_files 'tests/*.cpp')
((${#files[@]} > 0)) || die "no tests found"

# A declaration may go on in its next line.
known=$(
  cat "${files[@]}" | tr '\n' ' ' |
    grep -oE '\b(TRACTOR_TEST|TRACTOR_CELL_TEST|TEST|TEST_F|TEST_P)\( *[A-Za-z_0-9]+ *, *[A-Za-z_0-9]+' |
    sed -E 's/^[A-Z_]+\( *//; s/ *, */./'
  source_files 'tests/tooling/wrong_spellings/*.cc' | sed 's|.*/|wrong_spellings.|; s|\.cc$||'
)

found=0
rows=0
number=0
while IFS= read -r line; do
  number=$((number + 1))
  case $line in
    '|--'* | *'| test |' | [!'|']* | '') continue ;;
  esac
  rows=$((rows + 1))
  tests=$(grep -oE '`[a-z_0-9]+\.[a-z_0-9]+`' <<<"$line" | tr -d '`')
  if [[ -z $tests ]]; then
    say "$table:$number: this row names no test"
    found=1
  fi
  for test in $tests; do
    if ! grep -qxF -- "$test" <<<"$known"; then
      say "$table:$number: there is no test $test"
      found=1
    fi
  done
done <"$table"
((rows > 0)) || die "$table has no rows"
exit $found
