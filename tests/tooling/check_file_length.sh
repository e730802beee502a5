#!/usr/bin/env bash
# No source is longer than 400 lines, unless a line of it says why: `// longer than 400 lines because ...`.
# Usage: check_file_length.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

limit=400
mapfile -t files < <(source_files '*.hpp' '*.cpp')
((${#files[@]} > 0)) || die "no sources found"
found=0
for file in "${files[@]}"; do
  lines=$(wc -l <"$file")
  if ((lines > limit)) && ! grep -q "^// longer than $limit lines because ." "$file"; then
    say "$file:$lines: longer than $limit lines: is it one thing?"
    found=1
  fi
done
exit $found
