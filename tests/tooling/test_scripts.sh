#!/usr/bin/env bash
# tools/test, tools/quickstart and run_examples.sh in a tree of stand-ins: what counts, what fails, what the last line says.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0
bin=$tree/build/dev/bin
plugins=$tree/build/dev/lib/tractor/plugins
mkdir -p "$tree"/{fake,tools,tests/tooling,examples} "$bin/examples" "$plugins" "$tree"/build/{asan,release}
cp "$root"/tools/{common.sh,results.sh,test,quickstart} "$tree/tools/"
cp "$root/tests/tooling/run_examples.sh" "$tree/tests/tooling/"
touch "$plugins"/libtractor_{spawn_one,spawn_two,transport_air}.so

program() { # program FILE LINE...
  printf '%s\n' '#!/bin/bash' "${@:2}" >"$1"
  chmod +x "$1"
}
program "$tree/tools/setup"
program "$tree/fake/cmake"
program "$tree/fake/ninja"
program "$tree/tests/tooling/check_one.sh"
program "$tree/tests/tooling/test_one.sh"
run() { output=$(PATH=$tree/fake:$PATH "$@" 2>&1 </dev/null); status=$?; }
expect() { # expect STATUS LAST_LINE [TEXT]
  if ((status != $1)) || [[ $(tail -n 1 <<<"$output") != "$2" || $output != *"${3:-}"* ]]; then
    say "line ${BASH_LINENO[0]}: expected status $1, last line '$2' and '${3:-}'; got $status and:" "$output"
    failures=$((failures + 1))
  fi
}

run "$tree/tools/test" --filter 'x*'
expect 1 '0 passed, 0 failed, 0 skipped' 'nothing ran'
run "$tree/tools/test"
expect 0 '2 passed, 0 failed, 0 skipped'
program "$bin/tractor_unit_tests" 'echo "3 passed, 0 failed, 1 skipped"'
run "$tree/tools/test"
expect 0 '5 passed, 0 failed, 1 skipped' 'tests (dev)'
program "$bin/other_tests" 'echo "$*" >'"$tree/words" 'echo "3 passed, 0 failed, 1 skipped"'
run "$tree/tools/test" --preset dev
expect 0 '3 passed, 0 failed, 1 skipped'
[[ $(<"$tree/words") == *' --with build/dev/bin/tractor_unit_tests -n '* ]] ||
  { say "the words of other_tests were: $(<"$tree/words")"; failures=$((failures + 1)); }
program "$bin/tractor_tests" 'echo "[ PASS    ] a.b (1 ms)"' 'kill -SEGV $$'
run "$tree/tools/test" --preset=dev
expect 1 '0 passed, 1 failed, 0 skipped' 'tests (dev)'
program "$bin/tractor_tests" 'echo "no test was selected: the filter matches none" >&2' 'exit 4'
run "$tree/tools/test" --preset dev
expect 1 '0 passed, 1 failed, 0 skipped' 'no test was selected'
program "$bin/tractor_tests" 'echo "$*" >'"$tree/words" 'echo "5 passed, 0 failed, 2 skipped"'
run "$tree/tools/test" --preset dev
expect 0 '5 passed, 0 failed, 2 skipped' 'test-logs/tests__dev_.html'
[[ $(<"$tree/words") == *' --with build/dev/bin/other_tests build/dev/bin/tractor_unit_tests -n '* ]] ||
  { say "the words of tractor_tests were: $(<"$tree/words")"; failures=$((failures + 1)); }
rm "$bin/other_tests" "$bin/tractor_unit_tests"
program "$bin/tractor_tests" 'echo "[ LEAK    ] a.b/c+d (1 ms): fd 3"' 'echo "4 passed, 1 failed, 0 skipped"' 'exit 1'
run "$tree/tools/test" --preset dev
expect 1 '4 passed, 1 failed, 0 skipped' '  tests (dev): a.b/c+d'
program "$bin/tractor_tests" 'echo "6 passed, 0 failed, 2 skipped"'
program "$tree/tests/tooling/check_one.sh" 'echo "a.cpp:3: bad"' 'exit 1'
run "$tree/tools/test"
expect 1 '7 passed, 1 failed, 2 skipped' '| a.cpp:3: bad'
program "$tree/fake/ninja" 'echo "error: no"' 'exit 1'
run "$tree/tools/test" --preset dev
expect 1 '0 passed, 1 failed, 0 skipped' '| error: no'
program "$tree/tools/setup" 'exit 1'
run "$tree/tools/test"
expect 1 '0 passed, 1 failed, 0 skipped'
run "$tree/tools/test" --wrong
expect 1 "test: unknown argument '--wrong'; try tools/test --help"

program "$bin/examples/cells" 'echo "$TRACTOR_SPAWN_METHOD+$TRACTOR_TPT_PROTO $*" >>'"$tree/cells"
echo '// example arguments: --count 3' >"$tree/examples/cells.cpp"
run "$tree/tests/tooling/run_examples.sh" dev
expect 0 '2 passed, 0 failed, 0 skipped'
[[ $(<"$tree/cells") == $'one+air --count 3\ntwo+air --count 3' ]] ||
  { say "the cells and arguments were: $(<"$tree/cells")"; failures=$((failures + 1)); }
program "$bin/examples/noisy" 'echo "some_Error" >&2'
program "$bin/examples/wrong" 'exit 3'
program "$bin/examples/alone" 'exit 3'
mkdir "$tree/examples/group"
echo '// example: not run alone' >"$tree/examples/group/alone.cpp"
run "$tree/tests/tooling/run_examples.sh" dev
expect 1 '2 passed, 4 failed, 0 skipped' 'wrong/two+air: status 3'
rm "$plugins"/libtractor_transport_air.so
run "$tree/tests/tooling/run_examples.sh" dev
expect 1 '0 passed, 1 failed, 0 skipped' 'no transport'

run "$tree/tools/quickstart"
expect 1 'quickstart: the setup failed: see above'
# What tests need besides is not for the quick start.
program "$tree/tools/setup" '[[ $* == --build ]]'
run "$tree/tools/quickstart"
expect 1 'quickstart: the build failed: see above'
program "$tree/fake/ninja"
run "$tree/tools/quickstart"
expect 1 'quickstart: word_count ended with status 127'
mkdir -p "$tree/build/release/bin/examples"
program "$tree/build/release/bin/examples/word_count" 'echo "counted $*"'
run "$tree/tools/quickstart"
expect 0 "  cd $tree && cmake --build --preset release" 'counted --demo'
[[ $(cd "$tree" && PATH=$tree/fake:$PATH tools/quickstart 2>&1 | tail -n 1) == '  cmake --build --preset release' ]] ||
  { say 'quickstart names the folder that it was called in'; failures=$((failures + 1)); }

((failures == 0))
