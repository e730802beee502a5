#!/usr/bin/env bash
# The manual is installed: a page for each command, with each option of its help and its exit codes, and good roff.
#
# Usage: test_man.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
configure "$preset" >/dev/null && build "$preset" tractor_cli tractor_reap >/dev/null ||
  die "could not build the preset $preset"
bin=$root/build/$preset/bin
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$root/build/$preset" --prefix "$folder/prefix" --component tools >"$folder/log" 2>&1 ||
  die "the tools cannot be installed: $(<"$folder/log")"
man=$folder/prefix/share/man/man1

# check_page PAGE COMMAND...: what the help of the command names is in the page.
check_page() {
  local page=$man/$1.1 option text
  shift
  [[ -s $page ]] || die "there is no page $page"
  "$@" --help >"$folder/help" || die "no help: $*"
  text=$(sed 's/\\-/-/g' "$page")
  while read -r option; do
    grep -qE -- "(^|[^-a-z])$option([^-a-z]|\$)" <<<"$text" || die "$page does not have $option"
  done < <(grep -oE '(^|[ ,])--[a-z][a-z-]+' "$folder/help" | tr -d ' ,' | sort -u)
  grep -q '^\.SH EXIT STATUS$' "$page" || die "$page has no exit codes"
  ! command -v groff >/dev/null || [[ -z $(groff -ww -man -Tutf8 "$page" 2>&1 >/dev/null) ]] ||
    die "$page: $(groff -ww -man -Tutf8 "$page" 2>&1 >/dev/null)"
}

mapfile -t commands < <("$bin/tractor" --help | sed -n '/^Subcommands:/,/^[A-Z]*$/ s/^  \([a-z]\{1,\}\) .*/\1/p')
((${#commands[@]} >= 10)) || die "which commands are there? ${commands[*]}"
check_page tractor "$bin/tractor"
check_page tractor-reap "$bin/tractor-reap"
for command in "${commands[@]}"; do
  check_page "tractor-$command" "$bin/tractor" "$command"
  grep -qF "tractor\\-$command" "$man/tractor.1" || die "the page of tractor does not name $command"
done
for inner in 'new transport' 'new backend' 'plugins show'; do
  check_page "tractor-${inner% *}" "$bin/tractor" $inner
done
say "the manual has ${#commands[@]} commands"
