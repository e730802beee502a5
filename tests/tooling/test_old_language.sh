#!/bin/sh
# Who compiles without C++20 is told so first, in one line.
#
# usage: test_old_language.sh [TREE]      (default: this one); $CXX is the compiler, else g++
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$here/../..}" && pwd)
compiler=${CXX:-g++}

said=$(echo '#include "tractor/tractor.hpp"' |
  "$compiler" -std=c++17 -fsyntax-only -I"$root/framework/include" -x c++ - 2>&1) &&
  { echo "it compiles as C++17"; exit 1; }
first=$(printf '%s\n' "$said" | grep -m 1 error)
case $first in
  *'tractor needs C++20 with coroutines: compile with -std=c++20'*) ;;
  *) echo "the first error is: $first"; exit 1 ;;
esac
[ "$(printf '%s\n' "$said" | grep -c 'error:')" -eq 1 ] || { printf '%s\n' "$said"; exit 1; }
echo "one error of C++17 with $compiler"
