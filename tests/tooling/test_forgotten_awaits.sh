#!/bin/sh
# A forgotten co_await is a warning: one of each line of forgotten_awaits.cc that says so, and none of the others.
#
# usage: test_forgotten_awaits.sh [TREE]      (default: this one); $CXX is the compiler, else g++
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$here/../..}" && pwd)
compiler=${CXX:-g++}
source=$root/tests/tooling/forgotten_awaits.cc
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$compiler" -std=c++20 -fsyntax-only -Wunused-result -DBOOST_ASIO_SEPARATE_COMPILATION -DBOOST_ASIO_NO_DEPRECATED \
  -I"$root/framework/include" "$source" >"$folder/said" 2>&1 || { cat "$folder/said"; exit 1; }
grep -nF '// forgotten' "$source" | grep -vF '`// forgotten`' | sed 's/:.*//' >"$folder/wanted"
sed -nE 's/^.*forgotten_awaits\.cc:([0-9]+):[0-9]+: warning: .*(unused-result).*/\1/p' "$folder/said" >"$folder/warned"
count=$(wc -l <"$folder/wanted")
[ "$count" -gt 0 ] || { echo "no line is marked"; exit 1; }
diff "$folder/wanted" "$folder/warned" >"$folder/difference" ||
  { echo "lines with < lack a warning, those with > have one too many:"; cat "$folder/difference"; exit 1; }
echo "$count forgotten awaits, each with a warning of $compiler"
