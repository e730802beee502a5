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
targets=(tractor_plugins tractor_conformance test_broken_transport test_broken_backend test_careless_transport
  test_careless_backend test_no_descriptor)
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
  # What is not claimed or not there needs no proof.
  case $file in
    *_mem.so) expected=$'SKIP killed_owner\nSKIP leftover\nSKIP tree\nSKIP tree_kill\nSKIP tree_cancel' ;;
    *_tcp.so) expected=$'SKIP credentials\nSKIP leftover' ;;
    *_trio_like.so) expected=$'SKIP helper_killed\nSKIP helper_stopped' ;;
  esac
  conformance 0 --plugin "$file"
  rows_are "$file" "$expected"
done

broken=$built/tests/plugins/broken
# What waits without end is proven apart: its bound is short, that of the others is for a busy machine.
conformance 1 -k 'not tree and not refused' --plugin "$broken/libtractor_transport_broken.so"
rows_are transport $'LEAK foreign_text\nLEAK other_texts\nLEAK spoilt\nCRASH taken
FAIL foreign_address\nCRASH error_text\nFAIL accept_emfile\nFAIL half_close\nFAIL end_stays\nFAIL write_now
FAIL shutdown_both\nSKIP credentials\nFAIL killed_owner\nSKIP leftover'
conformance 1 --bound 3000 -k refused --plugin "$broken/libtractor_transport_broken.so"
rows_are transport 'TIMEOUT refused'
conformance 1 -k tree_kill --plugin "$broken/libtractor_transport_broken.so"
rows_are transport 'FAIL tree_kill'
conformance 1 -k 'not tree' --plugin "$broken/libtractor_spawn_broken.so"
rows_are backend $'FAIL cwd\nFAIL signals\nFAIL exit_code\nLEAK bad_request\nFAIL bad_cwd\nLEAK batch_or_none
SKIP helper_killed\nSKIP helper_stopped\nFAIL killed_parent\nFAIL reap_grace'

# Those that work, and yet are wrong at the edges.
careless=$built/tests/plugins/careless
export TRACTOR_TEST_FOLDER=$folder/sockets
mkdir "$TRACTOR_TEST_FOLDER"
conformance 1 -k 'not tree' --plugin "$careless/libtractor_transport_careless.so"
rows_are 'careless transport' $'FAIL other_texts\nFAIL malformed\nFAIL spoilt\nFAIL odd_names\nFAIL bound\nFAIL registry
FAIL distance\nFAIL foreign_address\nFAIL error_text\nFAIL duplex\nFAIL end_stays\nFAIL small_reads\nFAIL credentials
FAIL close_twice\nFAIL cancel_write\nFAIL checkpoints\nFAIL write_gone\nFAIL scan_cost\nFAIL leftover\nFAIL reap_living'
conformance 1 -k 'not tree and not helper_' --plugin "$careless/libtractor_spawn_careless.so"
rows_are 'careless backend' $'FAIL caps\nFAIL cwd_of_call\nFAIL long_title\nFAIL fds_swapped\nFAIL limits\nFAIL signals
FAIL pid\nFAIL cancel_wait\nFAIL bad_cwd\nFAIL helpers\nFAIL cancel_turns\nFAIL spawn_emfile
FAIL reap_grace\nFAIL reap_living'
conformance 1 --bound 3000 -k helper_ --plugin "$careless/libtractor_spawn_careless.so"
rows_are 'careless backend' $'TIMEOUT helper_killed\nTIMEOUT helper_stopped'

conformance 1 --json -k cwd --plugin "$broken/libtractor_spawn_broken.so"
grep -q '"rule": "cwd".*"verdict": "FAIL"' "$folder/out" || die "no such row in JSON: $(<"$folder/out")"
conformance 0 --list -k cwd_of_call --plugin "$broken/libtractor_spawn_broken.so"
[[ $(wc -l <"$folder/out") == 1 ]] || die "--list -k cwd_of_call lists: $(<"$folder/out")"

# are_documented PLUGIN PAGE: the tables of the page name the rules, and no other.
are_documented() {
  conformance 0 --list --plugin "$1"
  diff <(cut -d ' ' -f 1 "$folder/out" | sort) \
    <(sed -n '/^## The rules/,$ { /^|/ s/.*| \(.*\) |$/\1/p }' "$root/docs/$2" | grep -o '`[a-z_]*`' | tr -d '`' | sort) ||
    die "docs/$2 and --list name other rules"
}
are_documented "$broken/libtractor_transport_broken.so" write_a_transport.md
are_documented "$broken/libtractor_spawn_broken.so" write_a_spawn_backend.md

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
