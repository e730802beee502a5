#!/usr/bin/env bash
# An application outside of this tree tests itself with the installed harness: by its own flags, and by CTest.
#
# Usage: test_application.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
built=$root/build/$preset
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

must() { # must WHAT COMMAND...: quiet unless it fails
  local what=$1
  shift
  "$@" >"$folder/log" 2>&1 || { cat "$folder/log"; die "$what: failed: $*"; }
}
shows() { grep -qE -- "$1" "$folder/log" || { cat "$folder/log"; die "nothing says '$1'"; }; }

if [[ ! -e $built/lib/libtractor-harness.a ]]; then
  configure "$preset" && build "$preset" tractor tractor_harness tractor_plugins || die "could not build the preset $preset"
fi
for component in runtime development plugins harness; do
  must "install the component $component" cmake --install "$built" --prefix "$folder/prefix" --component "$component"
done
must 'configure the application' cmake -G Ninja -S "$root/tests/tooling/application" -B "$folder/build" \
  -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH="$folder/prefix"

# Before it is built its tests are one that fails, not none.
! ctest --test-dir "$folder/build" >"$folder/log" 2>&1 || die "CTest passes without the program"
shows app_tests_is_not_built
must 'build the application' cmake --build "$folder/build"
app=$folder/build/app_tests

# By CTest: each test in each cell, with labels and skips.
must 'all tests by CTest' ctest --test-dir "$folder/build" -j 2
shows '100% tests passed, 0 tests failed out of 12'
shows 'app.is_skipped_without_wings/trio_like\+uds .*Skipped'
must 'a label by CTest' ctest --test-dir "$folder/build" -L uds
shows 'failed out of 6$'
must 'a label of its own by CTest' ctest --test-dir "$folder/build" -L quick
shows 'failed out of 4$'

# By its own flags.
cd "$folder" || exit 1
must 'all tests' "$app"
must 'the reports' "$app" -n 2 --retries 1 --junit all.xml --html all.html --markdown all.md -x --durations 2
shows '^6 passed, 0 failed, 6 skipped$'
grep -q 'verdict" value="XFAIL"' all.xml || die "the report of JUnit has no XFAIL"
grep -q '<table>' all.html || die "the page has no table"
grep -q '^| trio_like+uds ' all.md || die "the table has no row for trio_like+uds"
must 'one cell' "$app" --spawn-backend trio_like --tpt-proto uds -k 'asks and not wings' --seed 7 --timeout-scale 2
shows '^1 passed, 0 failed, 0 skipped$'
must 'an axis from the environment' env TRACTOR_SPAWN_METHOD=fork_spawn "$app" -k asks
shows '^2 passed, 0 failed, 0 skipped$'
must 'the log' "$app" --ll info --tl runtime:debug --enable-stackscope -k asks
! "$app" --spawn-backend nobody >"$folder/log" 2>&1 || die "a backend that nobody knows is taken"
shows "nobody"
