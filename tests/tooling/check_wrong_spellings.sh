#!/bin/sh
# Compiles each snippet beside this script and looks for the sentence that its first line promises.
#
# usage: check_wrong_spellings.sh [TREE]      (default: this one); $CXX is the compiler, else g++
# A snippet with "expect: nothing" must compile; every other one must not. Exit status 1 if one surprises.
# Snippets are named .cc because the source checks, which read *.cpp, would find what is wrong in them.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$here/../..}" && pwd)
compiler=${CXX:-g++}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
workers=$(nproc)

# check SNIPPET: says what surprises, if anything does.
check() {
  name=$(basename "$1" .cc)
  expected=$(sed -n '1s,^// expect: ,,p' "$1")
  output=$folder/$name.out
  if "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Werror -DBOOST_ASIO_SEPARATE_COMPILATION \
      -DBOOST_ASIO_NO_DEPRECATED -I"$root/framework/include" \
      -I"$root/harness/include" "$1" >"$output" 2>&1; then
    compiled=yes
  else
    compiled=no
  fi
  if [ -z "$expected" ]; then
    echo "FAILED $name: its first line must be '// expect: <sentence>'"
  elif [ "$expected" = nothing ]; then
    [ $compiled = yes ] && return
    echo "FAILED $name: it must compile, and says:"
    head -n 5 "$output"
  elif [ $compiled = yes ]; then
    echo "FAILED $name: it must not compile"
  elif ! grep -qF -- "$expected" "$output"; then
    echo "FAILED $name: expected the words '$expected' and got:"
    grep -m 3 error "$output"
  fi
}

# share NUMBER: every so many snippets, from this one on.
share() {
  at=0
  for snippet in "$root"/tests/tooling/wrong_spellings/*.cc; do
    [ -f "$snippet" ] || continue
    at=$((at + 1))
    [ $((at % workers)) -eq "$1" ] || continue
    echo x >>"$folder/count.$1"
    check "$snippet"
  done
}

for worker in $(seq 0 $((workers - 1))); do
  share "$worker" >"$folder/said.$worker" 2>&1 &
done
wait
cat "$folder"/said.*
count=$(cat "$folder"/count.* 2>/dev/null | wc -l)
failures=$(cat "$folder"/said.* | grep -c '^FAILED')
echo "$count spellings checked with $compiler, $failures failed"
[ "$failures" -eq 0 ]
