#!/usr/bin/env bash
# The plugins of examples/plugins, built against the installed package alone, serve programs in every pair with the
# built-in ones; so do, once, the two that `tractor new` writes.
#
# Usage: test_third_party.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
built=$root/build/$preset
targets=(tractor tractor_plugins tractor_cli tractor_reap tractor_bench)
! has_target "$preset" example_word_count || targets+=(example_word_count)
! has_target "$preset" tractor_conformance || targets+=(tractor_conformance)
configure "$preset" >/dev/null && build "$preset" "${targets[@]}" >/dev/null || die "could not build the preset $preset"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

log=$folder/log
must() { # must WHAT COMMAND...: quiet unless it fails
  local what=$1
  shift
  timeout --kill-after=5 1200 "$@" >"$log" 2>&1 </dev/null || { cat "$log"; die "$what: failed: $*"; }
}

prefix=$folder/prefix
components=(runtime development plugins tools)
! grep -q tractorHarnessTargets "$built/cmake_install.cmake" || components+=(harness)
for component in "${components[@]}"; do
  must "install the component $component" cmake --install "$built" --prefix "$prefix" --component "$component"
done

# build_plugins NAME SOURCES: a project of plugins, built to $folder/NAME as a stranger would.
build_plugins() {
  log=$folder/$1.log
  must "configure $1" cmake -G Ninja -S "$2" -B "$folder/$1" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_PREFIX_PATH="$prefix"
  must "build $1" cmake --build "$folder/$1" -j 1
}
# The installed command has what it writes inside.
must 'write a transport' "$prefix/bin/tractor" new transport new_pigeon --in "$folder/sources/pigeon"
must 'write a backend' "$prefix/bin/tractor" new backend new_cloud --in "$folder/sources/cloud"
build_plugins samples "$root/examples/plugins" &
samples=$!
(build_plugins new_pigeon "$folder/sources/pigeon" && build_plugins new_cloud "$folder/sources/cloud") &
new_ones=$!
bad=''
wait "$samples" || bad+=' examples/plugins'
wait "$new_ones" || bad+=' tractor-new'
[[ -z $bad ]] || die "could not build the plugins of:$bad"

check_plugin() { # check_plugin FOLDER KIND KEY
  local file=$folder/$1/lib/tractor/plugins/libtractor_$2_$3.so
  must "check $3" "$prefix/bin/tractor" plugins check "$file"
  [[ ! -x $prefix/bin/tractor-conformance ]] || must "conformance of $3" "$prefix/bin/tractor-conformance" --plugin "$file"
}
check_plugin samples transport sample_abstract
check_plugin samples spawn sample_nice
check_plugin new_pigeon transport new_pigeon
check_plugin new_cloud spawn new_cloud

keys() { # keys KIND: of the built-in plugins, but for the transport that reaches no child
  local file
  for file in "$built"/lib/tractor/plugins/libtractor_"$1"_*.so; do
    file=${file##*/libtractor_"$1"_}
    [[ $file == mem.so ]] || say "${file%.so}"
  done
}

plugins=$folder/samples/lib/tractor/plugins
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
plugins=$folder/new_pigeon/lib/tractor/plugins:$folder/new_cloud/lib/tractor/plugins run_programs new_cloud new_pigeon
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
