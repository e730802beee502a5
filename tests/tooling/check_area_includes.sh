#!/usr/bin/env bash
# An area of the framework includes only areas before it in the list, and Boost.Asio only through its wrapper.
# Usage: check_area_includes.sh [TREE]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"
cd "${1:-$root}" || exit 1

areas='async log msg plugin ipc runtime discovery devx'
mapfile -t files < <(source_files '*.hpp' '*.cpp')
((${#files[@]} > 0)) || die "no sources found"
awk -v areas="$areas" '
  BEGIN {
    count = split(areas, names, " ")
    for (i = 1; i <= count; i++) rank[names[i]] = i
  }
  function complain(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    bad = 1
  }
  FNR == 1 {
    area = ""
    if (match(FILENAME, /^framework\/(include\/tractor|src)\//)) {
      rest = substr(FILENAME, RLENGTH + 1)
      if (index(rest, "/")) area = substr(rest, 1, index(rest, "/") - 1)
    }
    wrapper = FILENAME ~ /^framework\/include\/tractor\/detail\// || FILENAME ~ /\/asio_impl\.cpp$/
  }
  !/^[ \t]*#[ \t]*include[ \t]*[<"]/ { next }
  {
    path = $0
    sub(/^[^<"]*[<"]/, "", path)
    sub(/[>"].*$/, "", path)
    if (path ~ /^boost\/asio(\/|\.hpp)/ && !wrapper)
      complain("<" path ">: include <tractor/detail/asio.hpp> instead")
    if (FILENAME ~ /^framework\// && area != "" && path == "tractor/tractor.hpp")
      complain("the index tractor.hpp is for programs: include what is used")
    if (area == "" || area == "detail") next
    if (!(area in rank)) { if (!(area in told)) complain("unknown area " area ": the areas are " areas); told[area] = 1; next }
    sub(/^tractor\//, "", path)
    if (!index(path, "/")) next
    other = substr(path, 1, index(path, "/") - 1)
    if (other in rank && rank[other] > rank[area])
      complain("area " area " includes " path ", but " other " comes after " area " (" areas ")")
  }
  END { exit bad }' "${files[@]}"
