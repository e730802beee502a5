#!/usr/bin/env bash
# tools/setup installs exactly what is missing, and does nothing at all when nothing is. The package tools are stand-ins.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
calls=$folder/calls
failures=0

# A package is installed unless its name is in the file `missing`.
cat >"$folder/dpkg-query" <<'SH'
#!/bin/sh
for name; do :; done
if grep -qx "$name" "$(dirname "$0")/missing"; then echo "no packages found matching $name" >&2; exit 1; fi
printf installed
SH
cat >"$folder/apt-get" <<'SH'
#!/bin/sh
echo "apt-get $* frontend=$DEBIAN_FRONTEND" >>"$(dirname "$0")/calls"
[ ! -e "$(dirname "$0")/broken" ]
SH
cat >"$folder/sudo" <<'SH'
#!/bin/sh
exec "$@"
SH
chmod +x "$folder"/*

setup() { output=$(PATH=$folder:$PATH "$root/tools/setup" "$@" 2>&1 </dev/null); status=$?; }
expect() { # expect WHAT CONDITION...
  local what=$1
  shift
  if ! "$@"; then
    say "$what; status $status, output: $output" "calls: $(cat "$calls")"
    failures=$((failures + 1))
  fi
}
has() { [[ $output == *"$1"* ]]; }
called() { grep -qE "$1" "$calls"; }

: >"$calls"
: >"$folder/missing"
setup
expect 'one line when nothing is missing' test "$(wc -l <<<"$output")" = 1
expect 'status 0 when nothing is missing' test "$status" = 0
expect 'no package tool when nothing is missing' test ! -s "$calls"

printf 'cmake\ngdb\n' >"$folder/missing"
setup --list
expect 'the list is what is missing' test "$output" = $'cmake\ngdb'
expect 'listing installs nothing' test ! -s "$calls"

setup
expect 'it says what it installs' has 'installing cmake gdb'
expect 'the lists are fetched once' test "$(grep -c update "$calls")" = 1
expect 'only the missing are installed, unattended' called 'install .* cmake gdb frontend=noninteractive'

setup --build --list
expect 'what tests need besides is not for a build' test "$output" = cmake
: >"$calls"
setup --build
expect 'a build is given what it needs' called 'install .* cmake frontend=noninteractive'
expect 'a build is given no more' test "$(grep -c gdb "$calls")" = 0
printf 'gdb\nchromium\nclang-19\nvalgrind\nstrace\nclang-format-14\ngit\nca-certificates\nlibclang-rt-19-dev\n' >"$folder/missing"
: >"$calls"
setup --build
expect 'a build needs none of what only tests need' test ! -s "$calls"
setup --list
expect 'the tests need all of it' test "$(sort <<<"$output")" = "$(sort "$folder/missing")"
printf 'cmake\ngdb\n' >"$folder/missing"

touch "$folder/broken"
setup
expect 'a failure of apt-get is a failure' test "$status" != 0
expect 'a failure names the step' has 'apt-get update failed'
setup --wrong
expect 'an unknown argument is refused' has "unknown argument '--wrong'"

((failures == 0))
