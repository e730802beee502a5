#!/usr/bin/env bash
# No coroutine has a form that g++ 12 miscompiles (docs/coroutines.md). Usage: check_coroutine_traps.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

mapfile -t files < <(source_files '*.hpp' '*.cpp' |
  grep -E '^(framework|backends|transports|harness|examples|tests|tools)/')
((${#files[@]} > 0)) || die "no sources found"
awk -f "$root/tests/tooling/coroutine_traps.awk" "${files[@]}" || die "docs/coroutines.md tells how to write these"
