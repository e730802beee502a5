#!/usr/bin/env bash
# The installed package serves a stranger: find_package, the plugin functions, pkg-config; also after it was moved elsewhere.
#
# Usage: test_package.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
built=$root/build/$preset
if [[ ! -e $built/lib/libtractor.so ]]; then
  configure "$preset" && build "$preset" tractor tractor_plugins || die "could not build the preset $preset"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

must() { # must WHAT COMMAND...: quiet unless it fails
  local what=$1
  shift
  "$@" >"$folder/log" 2>&1 || { cat "$folder/log"; die "$what: failed: $*"; }
}

# The tools need not be built for this; the harness is a part of the package wherever the tree has one.
components=(runtime development plugins)
! grep -q tractorHarnessTargets "$built/cmake_install.cmake" || components+=(harness)
for component in "${components[@]}"; do
  must "install the component $component" cmake --install "$built" --prefix "$folder/first" --component "$component"
done
mv "$folder/first" "$folder/moved"
prefix=$folder/moved

with=()
[[ ${components[*]} != *harness* ]] || with=(-DSTRANGER_COMPONENTS=harness)
must 'configure a project of a stranger' cmake -G Ninja -S "$root/tests/tooling/package" -B "$folder/build" \
  -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_INSTALL_PREFIX="$folder/theirs" "${with[@]}"
must 'build a project of a stranger' cmake --build "$folder/build"
must 'run a program of a stranger' "$folder/build/program"
must 'install a project of a stranger' cmake --install "$folder/build"

for plugin in transport_pigeon spawn_cloud; do
  file=$folder/build/lib/tractor/plugins/libtractor_$plugin.so
  [[ -f $file ]] || die "the plugin is not where programs look for it: $file"
  [[ -f $folder/theirs/lib/tractor/plugins/libtractor_$plugin.so ]] || die "libtractor_$plugin.so was not installed"
  symbols=$(nm -D --defined-only "$file") || die "nm failed on $file"
  grep -q shown_symbol <<<"$symbols" || die "libtractor_$plugin.so does not export what it must"
  ! grep -q hidden_symbol <<<"$symbols" || die "libtractor_$plugin.so exports what was not marked"
done

# A missing symbol is an error of the link, not of the load.
sed 's/return loop.stopped() ? 1 : 0;/extern int nowhere(); return nowhere();/' \
  "$root/tests/tooling/package/plugin.cpp" >"$folder/broken.cpp"
grep -q nowhere "$folder/broken.cpp" || die "the faulty plugin has no fault"
cp -r "$root/tests/tooling/package" "$folder/faulty"
cp "$folder/broken.cpp" "$folder/faulty/plugin.cpp"
must 'configure the faulty plugin' cmake -G Ninja -S "$folder/faulty" -B "$folder/faulty/build" -DCMAKE_PREFIX_PATH="$prefix"
! cmake --build "$folder/faulty/build" --target tractor_transport_pigeon >"$folder/log" 2>&1 ||
  die "a plugin with an undefined symbol was linked"
grep -q nowhere "$folder/log" || { cat "$folder/log"; die "the link failed for another reason"; }

said=$(<"$folder/build/plugin_dir.txt")
[[ $said == "$prefix"/lib*/tractor/plugins ]] || die "tractor_PLUGIN_DIR is $said"
sed -i 's/tractor 0.1 /tractor 0.2 /' "$folder/faulty/CMakeLists.txt"
! cmake -G Ninja -S "$folder/faulty" -B "$folder/faulty/other" -DCMAKE_PREFIX_PATH="$prefix" >"$folder/log" 2>&1 ||
  die "version 0.2 was asked for and 0.1 accepted"

export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig -type d)
said=$(pkg-config --variable=plugindir tractor) || die "pkg-config does not find tractor.pc"
[[ $(realpath -m "$said") == "$prefix"/lib*/tractor/plugins ]] || die "the plugindir of tractor.pc is $said"
read -r -a flags < <(pkg-config --cflags --libs tractor)
grep -qw -- -Werror=return-type <<<"${flags[*]}" || die "tractor.pc lets bodies pass that are no coroutines"
grep -rq -- '-Werror=return-type' "$prefix"/lib*/cmake/tractor/tractorTargets.cmake ||
  die "the CMake package lets bodies pass that are no coroutines"
must 'build a program with pkg-config' g++ -std=c++20 "$root/tests/tooling/package/program.cpp" -o "$folder/program" "${flags[@]}"
must 'run a program built with pkg-config' env LD_LIBRARY_PATH="$(pkg-config --variable=libdir tractor)" "$folder/program"

# As a part of another project it brings the library and the plugins, no tests, no warnings as errors, no install rules.
mkdir "$folder/parent"
cat >"$folder/parent/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(parent LANGUAGES CXX)
add_subdirectory($root tractor)
if(NOT TARGET tractor::tractor OR NOT COMMAND tractor_add_transport OR TRACTOR_BUILD_TESTS OR TRACTOR_INSTALL OR TRACTOR_WERROR)
  message(FATAL_ERROR "not a good guest")
endif()
CMAKE
must 'configure as a part of another project' cmake -G Ninja -S "$folder/parent" -B "$folder/parent/build"
