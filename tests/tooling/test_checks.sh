#!/usr/bin/env bash
# Each source check finds what it is for: a tree with one fault of each kind is reported at the right line, a good one passes.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

fresh_tree() {
  rm -rf "$tree"
  mkdir -p "$tree"/framework/{include/tractor/{detail,async,log,ipc,runtime},src/{plugin,ipc}} "$tree"/harness/src
  git -C "$tree" init -q
  cp "$root/.clang-format" "$tree/"
  file framework/include/tractor/log/level.hpp '#pragma once' '#include <tractor/async/task.hpp>' 'int level();'
  file framework/include/tractor/tractor.hpp '#include <tractor/runtime/actor.hpp>'
  file framework/include/tractor/detail/asio.hpp '#include <boost/asio/ip/tcp.hpp>'
  file framework/src/plugin/defaults.cpp 'const char* key = "trio_like";'
  file framework/src/ipc/server.cpp '#include <tractor/msg/codec.hpp>' '' '#include "msg/wire.hpp"'
  file harness/src/run.cpp 'int tcp_count = 0;  // tcpdump, uds_'
  file tests/zoo_test.cpp 'TEST(zoo, opens) {}'
  file docs/rules.md '| rule | test |' '|---|---|' '| A zoo opens. | `zoo.opens` |'
}

file() { # file NAME LINE...
  mkdir -p "$(dirname "$tree/$1")"
  printf '%s\n' "${@:2}" >"$tree/$1"
}

expect() { # expect CHECK STATUS [TEXT]: the exit status, and what must be in the output
  local output status
  output=$("$root/tests/tooling/$1.sh" "$tree" 2>&1)
  status=$?
  if ((status != $2)) || [[ $output != *"${3:-}"* ]]; then
    say "$1: status $status and this output, where status $2 and '${3:-}' were expected:" "$output"
    failures=$((failures + 1))
  fi
}

fresh_tree
for check in "$root"/tests/tooling/check_*.sh; do
  expect "$(basename "$check" .sh)" 0
done

file framework/include/tractor/log/sink.hpp '#pragma once' '' '#include <tractor/ipc/frame.hpp>'
expect check_area_includes 1 'framework/include/tractor/log/sink.hpp:3: area log includes ipc/frame.hpp'
fresh_tree
file framework/src/ipc/server.cpp '#include "runtime/actor.hpp"'
expect check_area_includes 1 'framework/src/ipc/server.cpp:1: area ipc includes runtime/actor.hpp'
file framework/src/ipc/server.cpp '#include <tractor/tractor.hpp>'
expect check_area_includes 1 'framework/src/ipc/server.cpp:1: the index tractor.hpp'
file framework/src/ipc/server.cpp '#include <boost/asio/post.hpp>'
expect check_area_includes 1 'framework/src/ipc/server.cpp:1: <boost/asio/post.hpp>'
file framework/src/ipc/server.cpp ''
file framework/src/extra/thing.cpp '#include <tractor/async/task.hpp>'
expect check_area_includes 1 'unknown area extra'

fresh_tree
file harness/src/run.cpp '' 'int n;  // as uds does'
expect check_plugin_words 1 'harness/src/run.cpp:2:uds'
fresh_tree
file framework/include/tractor/ipc/frame.hpp 'const char* text = "fork_spawn";'
expect check_plugin_words 1 'framework/include/tractor/ipc/frame.hpp:1:fork_spawn'

fresh_tree
mapfile -t lines < <(seq 401 | sed 's|.*|// &|')
file harness/src/long.cpp "${lines[@]}"
expect check_file_length 1 'harness/src/long.cpp:401'
file harness/src/long.cpp "${lines[@]}" '// longer than 400 lines because it is a table'
expect check_file_length 0

fresh_tree
file harness/src/run.cpp 'int   n ;'
expect check_format 1 'harness/src/run.cpp:1'

fresh_tree
file docs/rules.md '' '| It closes. | `zoo.opens`, `zoo.closes` |'
expect check_rules_table 1 'docs/rules.md:2: there is no test zoo.closes'
file docs/rules.md '| It closes. | |' '| A cage is no zoo. | `wrong_spellings.cage` |'
expect check_rules_table 1 'docs/rules.md:1: this row names no test'
expect check_rules_table 1 'docs/rules.md:2: there is no test wrong_spellings.cage'
file docs/rules.md '| A cage is locked. | `test_cage.sh`, `check_cage.sh` |'
expect check_rules_table 1 'docs/rules.md:1: there is no test check_cage.sh'
file tests/tooling/test_cage.sh true
file tests/tooling/check_cage.sh true
expect check_rules_table 0
file docs/rules.md '## Errors' '' '| A lion roars. | `zoo.opens` |' '## Helpers' '| A zoo opens. | `zoo.opens` |'
expect check_rules_table 1 'docs/rules.md:3: no test of this row runs in the cells'
file tests/lion_test.cpp 'TRACTOR_CELL_TEST(lion,' '                  roars, ()) {}'
file docs/rules.md '## Errors' '' '| A lion roars. | `zoo.opens`, `lion.roars` |'
expect check_rules_table 0

fresh_tree
file harness/src/run.cpp 'task<> f() {' '  if (co_await g()) h();' '}'
expect check_coroutine_traps 1 'harness/src/run.cpp:2'

# Written in two parts, so that this file passes the check it tests.
for path in /wor'k/main' /tmp/w't/x' /hom'e/ann/x'; do
  fresh_tree
  file notes.md '' "see $path"
  expect check_no_local_paths 1 'notes.md:2'
done
fresh_tree
file notes.md 'see src/wor''k/main and frame''work/x'
expect check_no_local_paths 0

((failures == 0))
