#!/usr/bin/env bash
# No file names a folder of one developer's machine. Usage: check_no_local_paths.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

mapfile -t files < <(source_files '*')
((${#files[@]} > 0)) || die "no files found"
# The brackets keep this line from finding itself.
if grep -HnIE '(^|[^A-Za-z0-9_.-])/(wor[k]|tmp/w[t]|hom[e])/' "${files[@]}"; then
  die "use a path relative to the tree, or a temporary folder made at run time"
fi
