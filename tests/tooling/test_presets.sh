#!/usr/bin/env bash
# The presets of this project: all can be read, each works by cmake, ctest and a workflow on a project of a stand-in, those
# that the documentation names are there, and a test preset of what is built lists the tests by their labels.
#
# Usage: test_presets.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

must() { # must WHAT COMMAND...: quiet unless it fails
  local what=$1
  shift
  "$@" >"$folder/log" 2>&1 </dev/null || { cat "$folder/log"; die "$what: failed: $*"; }
}
shows() { grep -qE -- "$1" "$folder/log" || { cat "$folder/log"; die "nothing says '$1'"; }; }

names() { # names KIND [FOLDER]: the presets of that kind; those that are hidden are not among them
  (cd "${2:-$folder/stand_in}" && cmake --list-presets="$1") | sed -nE 's/^ +"([^"]+)".*/\1/p'
}

# Nothing to compile, one test.
mkdir "$folder/stand_in"
cp "$root/CMakePresets.json" "$folder/stand_in/"
cat >"$folder/stand_in/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(stand_in LANGUAGES NONE)
enable_testing()
if(NOT STAND_IN_IS_EMPTY)
  add_test(NAME the_only_one COMMAND ${CMAKE_COMMAND} -E echo "it ran")
endif()
CMAKE
cd "$folder/stand_in" || exit 1
must 'list all presets' cmake --list-presets=all
for kind in configure build test workflow; do shows "^Available $kind presets:$"; done

for name in $(names configure); do must "configure $name" cmake --preset "$name"; done
for name in $(names build); do must "build $name" cmake --build --preset "$name"; done
for name in $(names test); do
  must "test $name" ctest --preset "$name"
  shows '^100% tests passed, 0 tests failed out of 1$'
  # What tests nothing proves nothing.
  must "configure $name without tests" cmake --preset "$name" -DSTAND_IN_IS_EMPTY=ON
  ! ctest --preset "$name" >"$folder/log" 2>&1 || die "the test preset $name passes without a test"
done
rm -r build
for name in $(names workflow); do
  must "the workflow $name" cmake --workflow --preset "$name"
  shows '^100% tests passed, 0 tests failed out of 1$'
done

# Whatever the documentation tells to type, here or in a project of one's own.
known=$(for kind in configure build test workflow; do
  (names "$kind"; names "$kind" "$root/tests/tooling/application") | sed "s/^/$kind /"
done)
said=$(grep -ohE '\b(cmake|ctest)( --(build|workflow))? --preset[ =][a-z]+' "$root/README.md" "$root"/docs/*.md | sort -u)
[[ -n $said ]] || die "the documentation names no preset"
while read -r words; do
  kind=configure
  [[ $words != ctest* ]] || kind=test
  [[ $words != *--build* ]] || kind=build
  [[ $words != *--workflow* ]] || kind=workflow
  grep -qx -- "$kind ${words##*[ =]}" <<<"$known" || die "the documentation says '$words', and there is no such $kind preset"
done <<<"$said"

[[ -x $root/build/$preset/bin/tractor_tests ]] || { say "no tests are built: those of $preset are not listed"; exit; }
cd "$root" || exit 1
must "list tests of $preset" ctest --preset "$preset" -N -L '^uds$'
shows '/trio_like\+uds$'
! grep -E '^ +Test +#' "$folder/log" | grep -v '+uds$' || die "the label uds means another test"
