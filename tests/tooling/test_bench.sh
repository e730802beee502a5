#!/usr/bin/env bash
# Every benchmark runs in a cell, and what it tells in JSON is whole. No time is judged, but one with TRACTOR_TEST_FULL=1:
# then all cells are measured, and a tree whose root is killed is gone within a second.
#
# Usage: test_bench.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
configure "$preset" >/dev/null && build "$preset" tractor_bench tractor_plugins >/dev/null ||
  die "could not build the preset $preset"
bench=$root/build/$preset/bin/tractor_bench
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

full=${TRACTOR_TEST_FULL:-0}
cell=(--spawn-backend fork_spawn --tpt-proto uds)
left_out=()
if [[ $full == 0 || -z $full ]]; then
  full=0
  # A thousand actors and fifty trees of ten of them, and as many bare processes.
  left_out=(thousand_actors thousand_bare_pairs)
  say "test_bench: left out, as they take longer than all others: ${left_out[*]} (TRACTOR_TEST_FULL=1 runs them)"
else
  cell=()
fi

"$bench" --list "${cell[@]}" >"$folder/list" || die "--list fails"
mapfile -t names < <(cut -d' ' -f1 "$folder/list" | sort -u)
((${#names[@]} >= 20)) || die "--list names only: ${names[*]}"
for name in rpc_round_trip stream_throughput_64k spawn_first_result tree_39_cancel thousand_actors kill_root test_in_sandbox; do
  grep -q "^$name " "$folder/list" || die "--list does not name $name"
done

"$bench" --filter no_such_benchmark >"$folder/out" 2>"$folder/err"
(($? == 2)) || die "a filter that takes nothing is wrong usage: exit code 2"
[[ ! -s $folder/out && $(wc -l <"$folder/err") == 1 ]] || die "more than one line of a filter that takes nothing: $(<"$folder/err")"
grep -qF "no benchmark has 'no_such_benchmark' in its name" "$folder/err" || die "it says: $(<"$folder/err")"

# By its own runtime folder: what is measured leaves none behind.
left() { find /dev/shm -maxdepth 1 -name 'tractor-bench-*' -user "$(id -u)" 2>/dev/null | sort; }

# A filter takes all names that have it within, and a benchmark of several names runs once: so each is asked for by the
# longest part that all of its names have.
filters=(rpc_round_trip stream_ping_pong stream_throughput context_open_close spawn_first_result spawn_32 tree_39 cancel_100
  kill_root idle_memory ring_ test_in_)
((full == 0)) || filters+=(thousand_)
left >"$folder/before"
for filter in "${filters[@]}"; do
  timeout --kill-after=10 300 env -u XDG_RUNTIME_DIR "$bench" --batches 1 --json --filter "$filter" "${cell[@]}" \
    >"$folder/$filter.json" 2>"$folder/err" </dev/null || die "$filter: status $?: $(<"$folder/err")"
done
left >"$folder/after"
[[ -z $(comm -13 "$folder/before" "$folder/after") ]] ||
  die "a runtime folder was left: $(comm -13 "$folder/before" "$folder/after")"

python3 - "$full" "$folder/list" "${left_out[*]}" "$folder"/*.json <<'PY' || die "what is told in JSON is wrong"
import json, sys

full, list_file, left_out, files = sys.argv[1] != "0", sys.argv[2], sys.argv[3].split(), sys.argv[4:]
wrong, seen = [], set()


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e12


for file in files:
    with open(file) as text:
        rows = json.load(text)
    if not isinstance(rows, list) or not rows:
        wrong.append(f"{file}: no list of objects")
        continue
    for row in rows:
        what = f"{row.get('name')} {row.get('cell')}"
        if list(row) != ["name", "cell", "unit", "median", "best", "raw_best", "ratio"]:
            wrong.append(f"{what}: has {list(row)}")
            continue
        if not all(isinstance(row[key], str) and row[key] for key in ("name", "cell", "unit")):
            wrong.append(f"{what}: name, cell and unit are texts")
        if not all(number(row[key]) for key in ("median", "best")):
            wrong.append(f"{what}: median {row['median']}, best {row['best']}")
        raw, ratio = row["raw_best"], row["ratio"]
        if (raw, ratio) != (None, None):
            # As exact as three digits of each are.
            if not (number(raw) and number(ratio)) or abs(row["best"] / raw - ratio) > 0.001 + ratio * (0.01 + 0.001 / row["best"] + 0.001 / raw):
                wrong.append(f"{what}: best {row['best']} is not {ratio} of raw_best {raw}")
        elif row["name"] != "kill_root":
            wrong.append(f"{what}: nothing to compare with")
        if full and row["name"] == "kill_root" and not row["median"] < 1000:
            wrong.append(f"{what}: gone after {row['median']} ms")
        if what in seen:
            wrong.append(f"{what}: told twice")
        seen.add(what)

with open(list_file) as text:
    listed = {line.strip() for line in text}
# Not of a backend that starts programs.
wanted = {one for one in listed if one.split()[0] not in left_out}
missing = {one for one in wanted - seen if not (one.startswith("thousand_") and "trio_like" in one)}
wrong += [f"{one}: listed, but not measured" for one in sorted(missing)]
wrong += [f"{one}: measured, but not listed" for one in sorted(seen - listed)]
print("\n".join(wrong) if wrong else f"test_bench: {len(seen)} figures are whole")
sys.exit(bool(wrong))
PY

# A person who has seen enough: nothing is left then either, nor when it is killed.
eventually_clean() {
  local tries
  for ((tries = 0; tries < 500; ++tries)); do
    left >"$folder/after"
    [[ -n $(comm -13 "$folder/before" "$folder/after") ]] || return 0
    sleep 0.02
  done
  die "after $1 a runtime folder is left: $(comm -13 "$folder/before" "$folder/after")"
}
has_begun() {
  local tries
  for ((tries = 0; tries < 500; ++tries)); do
    left >"$folder/after"
    [[ -z $(comm -13 "$folder/before" "$folder/after") ]] || return 0
    sleep 0.02
  done
  die "no runtime folder in /dev/shm"
}
if [[ $(stat -f -c %T /dev/shm 2>/dev/null) == tmpfs && -w /dev/shm ]]; then
  for signal in INT KILL; do
    # A job of its own, where a shell without job control would have SIGINT ignored.
    set -m
    env -u XDG_RUNTIME_DIR "$bench" --batches 10000 --filter rpc_round_trip --spawn-backend fork_spawn --tpt-proto uds \
      >"$folder/out" 2>"$folder/err" </dev/null &
    running=$!
    set +m
    has_begun
    kill -"$signal" "$running"
    wait "$running" 2>/dev/null
    eventually_clean "SIG$signal"
  done
fi
say "tractor_bench: all is well"
