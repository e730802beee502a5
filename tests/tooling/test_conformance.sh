#!/usr/bin/env bash
# tractor-conformance passes the built-in plugins, and finds exactly what is wrong with plugins that are broken on purpose.
#
# Usage: test_conformance.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
built=$root/build/$preset
if ! has_target "$preset" tractor_conformance; then
  say "this build has no harness, hence no tractor-conformance"
  exit
fi
targets=(tractor_plugins tractor_conformance test_broken_transport test_broken_backend test_no_descriptor)
configure "$preset" >/dev/null && build "$preset" "${targets[@]}" >/dev/null || die "could not build the preset $preset"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# conformance EXPECTED ARGUMENTS...: runs it, and checks its exit code.
conformance() {
  local expected=$1 code=0
  shift
  timeout --kill-after=5 300 "$built/bin/tractor-conformance" "$@" >"$folder/out" 2>"$folder/err" </dev/null || code=$?
  ((code == expected)) || { cat "$folder/out" "$folder/err"; die "exit code $code, not $expected: $*"; }
}
# rows_are FILE ROWS: the rules that do not pass are these, as `VERDICT rule`.
rows_are() {
  local seen
  seen=$(awk '/^[A-Z]+ / && $1 != "PASS" { print $1, $2 }' "$folder/out")
  [[ $seen == "$2" ]] || { cat "$folder/out"; die "$1: the bad rows are not: $2"; }
}

for file in "$built"/lib/tractor/plugins/libtractor_{spawn,transport}_*.so; do
  expected=''
  # No actor is reached over it.
  [[ $file == *_mem.so ]] && expected=$'SKIP killed_owner\nSKIP tree\nSKIP tree_kill\nSKIP tree_cancel'
  conformance 0 --plugin "$file"
  rows_are "$file" "$expected"
done

broken=$built/tests/plugins/broken
conformance 1 --bound 5000 -k 'not tree' --plugin "$broken/libtractor_transport_broken.so"
rows_are transport $'LEAK foreign_text\nFAIL half_close\nTIMEOUT refused\nCRASH taken
FAIL write_now\nFAIL shutdown_both\nFAIL accept_emfile\nFAIL killed_owner'
conformance 1 -k tree_kill --plugin "$broken/libtractor_transport_broken.so"
rows_are transport 'FAIL tree_kill'
conformance 1 --bound 5000 -k 'not tree' --plugin "$broken/libtractor_spawn_broken.so"
rows_are backend $'FAIL exit_code\nFAIL cwd\nLEAK bad_request\nLEAK batch_or_none\nFAIL killed_parent'
conformance 1 --json -k cwd --plugin "$broken/libtractor_spawn_broken.so"
grep -q '"rule": "cwd".*"verdict": "FAIL"' "$folder/out" || die "no such row in JSON: $(<"$folder/out")"
conformance 0 --list -k cwd --plugin "$broken/libtractor_spawn_broken.so"
[[ $(wc -l <"$folder/out") == 1 ]] || die "--list -k cwd lists: $(<"$folder/out")"

refused() { # refused ARGUMENTS...: one line, exit code 2
  conformance 2 "$@"
  [[ $(wc -l <"$folder/err") == 1 && ! -s $folder/out ]] || die "not one line: $(<"$folder/err")"
}
refused
refused --plugin "$folder/nothing.so"
refused --plugin "$root/README.md"
refused --plugin "$built/tests/plugins/bad/libtractor_transport_bare.so"
refused --plugin "$built/lib/tractor/plugins/libtractor_decorator_chaos.so"
refused -k '(fds' --plugin "$broken/libtractor_spawn_broken.so"
refused -k no_such_rule --plugin "$broken/libtractor_spawn_broken.so"
say "tractor-conformance: all is well"
