#!/usr/bin/env bash
# Each source is as clang-format 14 leaves it. Usage: check_format.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

format=$(command -v clang-format-14 || command -v clang-format) || die "clang-format 14 is missing: run tools/setup"
mapfile -t files < <(source_files '*.hpp' '*.cpp')
((${#files[@]} > 0)) || die "no sources found"
say "${#files[@]} files"
"$format" --dry-run -Werror "${files[@]}" 2>&1 | grep -E 'error:|warning:' | sort -u -t: -k1,1
((PIPESTATUS[0] == 0)) || die "put them right with: $(basename "$format") -i <file>"
