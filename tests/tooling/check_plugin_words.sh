#!/usr/bin/env bash
# The framework and the harness know no plugin by name: the keys stand in the plugins and in one defaults file.
# Usage: check_plugin_words.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

# The defaults file, and the wrapper that must include <boost/asio/ip/tcp.hpp> under its own visibility.
allowed='^framework/(src/plugin/defaults\.cpp|include/tractor/detail/asio\.hpp):'
mapfile -t files < <(source_files 'framework/*.hpp' 'framework/*.cpp' 'harness/src/*.hpp' 'harness/src/*.cpp' |
  grep -E '^(framework|harness/src)/')
((${#files[@]} > 0)) || die "no sources found"
if grep -HnowE 'tcp|uds|trio_like|fork_spawn' "${files[@]}" | grep -vE "$allowed"; then
  die "these names belong to the plugins and to framework/src/plugin/defaults.cpp"
fi
