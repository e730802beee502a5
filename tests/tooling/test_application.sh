#!/usr/bin/env bash
# An application outside of this tree tests itself with the installed harness: by CTest, with presets and a workflow and a
# plugin of its own, and by each flag that its program has.
#
# Usage: test_application.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
built=$root/build/$preset
folder=$(mktemp -d)
kept=''
trap 'rm -rf "$folder" ${kept:+"$kept"}' EXIT

must() { # must WHAT COMMAND...: quiet unless it fails
  local what=$1
  shift
  "$@" >"$folder/log" 2>&1 </dev/null || { cat "$folder/log"; die "$what: failed: $*"; }
}
fails() { # fails STATUS WHAT COMMAND...: must end with this exit code
  local wanted=$1 what=$2 status
  shift 2
  "$@" >"$folder/log" 2>&1 </dev/null
  status=$?
  ((status == wanted)) || { cat "$folder/log"; die "$what: status $status in place of $wanted: $*"; }
}
shows() { grep -qE -- "$1" "$folder/log" || { cat "$folder/log"; die "nothing says '$1'"; }; }
hides() { ! grep -qE -- "$1" "$folder/log" || { cat "$folder/log"; die "something says '$1'"; }; }
has() { grep -qE -- "$1" "$2" || { cat "$2"; die "$2 does not have '$1'"; }; } # has PATTERN FILE
lists() { # lists COUNT: what CTest was asked for
  shows "^Total Tests: $1\$"
}

if [[ ! -e $built/lib/libtractor-harness.a ]]; then
  configure "$preset" && build "$preset" tractor tractor_harness tractor_plugins || die "could not build the preset $preset"
fi
for component in runtime development plugins harness; do
  must "install the component $component" cmake --install "$built" --prefix "$folder/prefix" --component "$component"
done

# By CTest: 4 tests in 3 backends x 2 transports.
by_ctest() {
  export CMAKE_PREFIX_PATH=$folder/prefix APPLICATION_PLUGIN=$root/examples/plugins/sample_nice/backend.cpp
  cp -r "$root/tests/tooling/application" "$folder/app"
  cd "$folder/app" || exit 1
  must 'configure the application' cmake --preset ci
  # Before it is built its tests are one that fails, not none.
  fails 8 'CTest without the program' ctest --preset ci
  shows app_tests_is_not_built

  must 'the workflow' cmake --workflow --preset ci
  shows '^100% tests passed, 0 tests failed out of 24$'
  shows 'app.is_skipped_where_nothing_is_encrypted/trio_like\+uds .*Skipped'
  [[ $(grep -cE '^\s*(tests="24"|failures="0"|skipped="9")$' build/ctest.xml) == 3 ]] ||
    die "CTest does not count 9 skips: $(head -n 12 build/ctest.xml)"
  must 'a test preset' ctest --preset uds -N
  lists 12
  must 'a label of a transport' ctest --preset ci -N -L '^uds$'
  lists 12
  must 'the label of a plugin of the project, and another' ctest --preset ci -N -L '^sample_nice$' -L '^tcp$'
  lists 4
  must 'a label of a test' ctest --preset ci -N -L quick
  lists 6

  export APP_BREAKS=fork_spawn+uds
  fails 8 'CTest with a failure' ctest --preset ci -R breaks --stop-on-failure
  [[ $(grep -c '^ *Start' "$folder/log") == 2 ]] || { cat "$folder/log"; die "CTest does not stop at a failure"; }
  shows '^replay: '
  unset APP_BREAKS
  must 'what failed' ctest --preset ci --rerun-failed
  shows 'Passed'
  shows '^100% tests passed, 0 tests failed out of 1$'
}

# A generator with several configurations: CTest says which.
by_config() {
  must 'configure with several configurations' cmake -G 'Ninja Multi-Config' -S "$folder/app" -B "$folder/multi" \
    -DCMAKE_CONFIGURATION_TYPES='Debug;Release'
  must 'build one of them' cmake --build "$folder/multi" --config Release
  must 'its tests' ctest --test-dir "$folder/multi" -C Release -N -L '^uds$'
  lists 12
  fails 8 'the tests of the other' ctest --test-dir "$folder/multi" -C Debug
  shows app_tests_is_not_built
  fails 8 'tests of none' ctest --test-dir "$folder/multi" -N
  shows 'app_tests: no such configuration'
}

app=$folder/app/build/app_tests
plugins=$folder/app/build/lib/tractor/plugins
# In one cell, so that each costs one test.
one() { "$app" --spawn-backend trio_like --tpt-proto uds -k breaks "$@"; }

# Which tests run, and in which order.
selection() {
  must 'the cells with a plugin' "$app" --plugin-path "$plugins" --gtest_list_tests
  shows '^  asks_another_process/sample_nice\+tcp$'
  printf 'plugin_path: ["%s"]\n' "$plugins" >config.yaml
  must 'the cells with a configured plugin' "$app" --config config.yaml --gtest_list_tests
  shows '^  asks_another_process/sample_nice\+tcp$'
  must 'the cells without it' "$app" --gtest_list_tests
  hides sample_nice
  must 'an axis from the environment' env TRACTOR_SPAWN_METHOD=fork_spawn "$app" -k asks
  shows '^2 passed, 0 failed, 0 skipped$'
  fails 2 'a backend that nobody knows' "$app" --spawn-backend nobody
  shows nobody
  fails 9 'nothing but skips' "$app" -k encrypted --skip-code 9
  shows '^0 passed, 0 failed, 4 skipped$'
  must 'the list for CTest' one --ctest list.cmake
  [[ $(grep -c '^add_test' list.cmake) == 1 ]] || die "the list for CTest has more than was selected"

  export APP_BREAKS=fork_spawn+uds
  fails 1 'up to the first failure' "$app" -k 'breaks and not encrypted' -x
  shows '^1 passed, 1 failed, 0 skipped$'
  shows '^2 tests were not run$'
  fails 1 'what failed' "$app" --lf
  shows '^0 passed, 1 failed, 0 skipped$'
  unset APP_BREAKS
  must 'what failed first' "$app" -k breaks --ff
  [[ $(grep -m 1 '^\[ PASS' "$folder/log") == *breaks_where_it_is_told/fork_spawn+uds* ]] ||
    { cat "$folder/log"; die "--ff does not begin with what failed"; }
  fails 2 'the same tests twice' one --with "$app"
  shows 'both have a test app.breaks'
  must 'all, as nothing failed' one --lf
  shows '^--lf: no test failed'
}

# What a whole run leaves.
reports() {
  export APP_BREAKS=trio_like+uds APP_HOW=once APP_MARK=$folder/mark
  must 'all tests' "$app" -n 2 --retries 1 --durations 2 --junit all.xml --html all.html --markdown all.md
  unset APP_BREAKS APP_HOW
  shows '^\[ FLAKY   \] app.breaks_where_it_is_told/trio_like\+uds '
  shows '^10 passed, 0 failed, 6 skipped$'
  [[ $(grep -A 3 '^slowest tests:$' "$folder/log" | grep -c ' s  app\.') == 2 ]] ||
    { cat "$folder/log"; die "there are not two slowest tests"; }
  has 'verdict" value="XFAIL"' all.xml
  has 'verdict" value="FLAKY"' all.xml
  has '<table>' all.html
  has FLAKY all.html
  has ', 2 side by side, ' all.html
  has '^\| trio_like\+uds ' all.md
}

# What a test hears of the flags, where it runs, and what is seen of it. Each is given once.
told() {
  local level=$1 words=$2
  shift 2
  must "the flags $*" one "$@"
  shows "^level '$level', $words"
}
running() {
  local network here
  network=$(readlink /proc/self/ns/net | tr -dc 0-9)
  must 'a quiet run' one
  hides "^level '"
  told '' 'debug mode 0, stackscope 1, seed 7, ' -s --enable-stackscope --seed 7
  shows '^matrix: trio_like x uds, seed 7$'
  unshare --user --net true 2>/dev/null && here=1
  # Where it is not allowed the run says so and goes on.
  ((${here:-0})) && hides "in net:.$network"
  told CANCEL 'debug mode 1, stackscope 0, ' --capture=no --ll cancel --tpdb --isolate process
  shows ", below app_tests, in net:.$network"
  told 'runtime:debug' 'debug mode 1, stackscope 0, ' -s --tl runtime:debug --debug-mode --isolate none
  hides ', below app_tests'
  must 'a sandbox' one -s --isolate sandbox
  ((${here:-0})) && hides "in net:.$network"
}

# A test that never ends is cut short, and what it left is kept.
hanging() {
  export APP_BREAKS=trio_like+uds APP_HOW=hang
  fails 1 'a test that hangs' one --timeout-scale 0.02 --watch --artifacts artifacts --keep-sandbox
  kept=$(sed -n 's/^its folder is kept: //p' "$folder/log")
  unset APP_BREAKS APP_HOW
  shows '^\[ TIMEOUT \] .* \([0-9]{1,4} ms\)'
  shows '^0 of 1 done, 0 failed$'
  has '^TIMEOUT: ' artifacts/*breaks_where_it_is_told*/output.txt
  [[ -n $kept && -d $kept ]] || { cat "$folder/log"; die "no folder is kept"; }
}

# Each flag that the program knows is tried above, by one of its names: a new one has to come here.
all_flags() {
  local flag tried long='--(last-failed|failed-first|exitfirst|jobs)'
  tried=$(grep -E '"\$app"|\bone |\btold ' "$root/tests/tooling/test_application.sh")
  must 'the help' "$app" --help
  for flag in $(sed '/Google Test/,$d' "$folder/log" | grep -oE '(^|[ ,])--?[a-z][a-z-]*' | tr -d ' ,' | sort -u); do
    [[ ! $flag =~ ^$long$ ]] || continue
    grep -qE -- " $flag( |=|\$)" <<<"$tried" || die "nothing here tries $flag"
  done
}

by_ctest
by_config
cd "$folder" || exit 1
selection
reports
running
hanging
all_flags
