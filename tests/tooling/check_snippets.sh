#!/usr/bin/env bash
# A snippet in the documentation is the file it names: `<!-- file: path -->` stands right above its code block.
# The block must stand in that file line by line, from some line on.
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0 snippets=0
while IFS=: read -r page line text; do
  file=${text#*file: }
  file=${file%% -->*}
  snippets=$((snippets + 1))
  [[ -f $file ]] || { echo "$page:$line: no file '$file'"; status=1; continue; }
  block=$(tail -n +"$((line + 1))" "$page" | awk '/^```/ { if (open) exit; open = 1; next } open')
  content=$(<"$file")
  if [[ -z $block || $'\n'"$content"$'\n' != *$'\n'"$block"$'\n'* ]]; then
    echo "$page:$line: the snippet differs from $file"
    status=1
  fi
done < <(grep -n '^<!-- file: ' README.md docs/*.md /dev/null)
echo "$snippets snippets"
((snippets > 0)) || status=1
exit $status
