#!/usr/bin/env bash
# The plugins of examples/plugins, built against the installed package alone, serve programs in every pair with the
# built-in ones.
#
# Usage: test_third_party.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
built=$root/build/$preset
targets=(tractor tractor_plugins tractor_cli tractor_bench)
! has_target "$preset" example_word_count || targets+=(example_word_count)
configure "$preset" >/dev/null && build "$preset" "${targets[@]}" >/dev/null || die "could not build the preset $preset"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

log=$folder/log
must() { # must WHAT COMMAND...: quiet unless it fails
  local what=$1
  shift
  timeout --kill-after=5 600 "$@" >"$log" 2>&1 </dev/null || { cat "$log"; die "$what: failed: $*"; }
}

prefix=$folder/prefix
components=(runtime development plugins)
! grep -q tractorHarnessTargets "$built/cmake_install.cmake" || components+=(harness)
for component in "${components[@]}"; do
  must "install the component $component" cmake --install "$built" --prefix "$prefix" --component "$component"
done
must 'configure the sample plugins' cmake -G Ninja -S "$root/examples/plugins" -B "$folder/build" \
  -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_PREFIX_PATH="$prefix"
must 'build the sample plugins' cmake --build "$folder/build" -j 1
plugins=$folder/build/lib/tractor/plugins
for plugin in transport_sample_abstract spawn_sample_nice; do
  must "check $plugin" "$built/bin/tractor" plugins --plugin-path "$plugins" check "$plugins/libtractor_$plugin.so"
done

keys() { # keys KIND: of the built-in plugins
  local file
  for file in "$built"/lib/tractor/plugins/libtractor_"$1"_*.so; do
    file=${file##*/libtractor_"$1"_}
    say "${file%.so}"
  done
}

cells=('sample_nice sample_abstract')
for key in $(keys spawn); do cells+=("$key sample_abstract"); done
for key in $(keys transport); do cells+=("sample_nice $key"); done

run_programs() { # run_programs BACKEND TRANSPORT: one after the other, as all have the same registrar's address
  local with=(--plugin-path "$plugins" --spawn-backend "$1" --tpt-proto "$2")
  # The benchmark program proves by itself that what runs is this cell.
  must "calls in $1+$2" "$built/bin/tractor_bench" --calls 100 "${with[@]}"
  must "a tree in $1+$2" "$built/bin/tractor_bench" --filter tree_39 --batches 1 "${with[@]}"
  if [[ -x $built/bin/examples/word_count ]]; then
    must "word_count in $1+$2" "$built/bin/examples/word_count" "${with[@]}"
  fi
}

run_tests() { # run_tests BACKEND TRANSPORT: the tests of whole trees; plain ones have no cell and are the same as ever
  local with=(--plugin-path "$plugins" --spawn-backend "$1" --tpt-proto "$2") without=''
  if [[ $2 == sample_abstract ]]; then
    say "$1+$2: without reference_registry.* (the reference's peers have no such addresses) and without the election's"
    say "  address where nobody can listen (the test knows one of the built-in transports only)"
    without=":reference_registry.*:election.an_address_where_one_cannot_listen*"
  fi
  if [[ $1 == sample_nice ]]; then
    say "$1+$2: without inheritance.* (this backend changes the priority of its children on purpose)"
    without+=":inheritance.*"
  fi
  must "tractor_tests in $1+$2" "$built/bin/tractor_tests" --gtest_filter="*/$1+$2${without:+-${without#:}}" "${with[@]}"
  grep -q '^\[  PASSED  \] [1-9]' "$log" || die "tractor_tests in $1+$2: no test ran"
}

# shellcheck disable=SC2086  # a cell is two words on purpose
for cell in "${cells[@]}"; do run_programs $cell; done
if [[ ! -x $built/bin/tractor_tests ]]; then
  say "${#cells[@]} pairs with sample plugins work"
  exit
fi
# Side by side: trees of processes wait more than they compute.
pids=()
for cell in "${cells[@]}"; do
  log=$folder/${cell// /+}.log
  # shellcheck disable=SC2086
  run_tests $cell >"$folder/${cell// /+}.said" 2>&1 &
  pids+=($!)
done
bad=0
for i in "${!cells[@]}"; do
  wait "${pids[i]}" || bad=$((bad + 1))
  cat "$folder/${cells[i]// /+}.said"
done
((bad == 0)) || die "$bad of ${#cells[@]} pairs with sample plugins do not work"
say "${#cells[@]} pairs with sample plugins work"
