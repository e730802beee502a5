#!/usr/bin/env bash
# Runs each example program in each cell (spawn backend x transport). An example passes when it ends with status 0 within
# 16 s and prints no "Error" on stderr. The last line is the sum.
#
# A line `// example arguments: ...` in the source gives its arguments; `// example: not run alone` keeps it out.
#
# Usage: run_examples.sh PRESET [NAME...]
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=${1:?usage: run_examples.sh PRESET [NAME...]}
shift
bin=$root/build/$preset/bin/examples
plugins=$root/build/$preset/lib/tractor/plugins
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# keys KIND: the keys of the plugins of that kind which were built, but for the transport that reaches no child.
keys() {
  local file
  for file in "$plugins"/libtractor_"$1"_*.so; do
    file=${file##*/libtractor_"$1"_}
    [[ $file == '*'* || $file == *'*.so' || $file == mem.so ]] || say "${file%.so}"
  done
}

source_of() {
  local file
  for file in "$root"/examples/{"$1",*/"$1",*"/$1/main","$1/main"}.cpp; do
    [[ ! -f $file ]] || { say "$file"; return; }
  done
}

# registry TRANSPORT: an address of this run's own, so that whole runs can go side by side. Empty for a transport whose
# addresses are not known here: its default is used.
registry() {
  case $1 in
    tcp) say "127.0.0.1:$((20000 + $$ % 10000))" ;;
    uds) say "$scratch/registry.sock" ;;
  esac
}

run_one() { # run_one NAME BACKEND TRANSPORT
  local name=$1 id=$1/$2+$3 status arguments source
  source=$(source_of "$name")
  ! grep -qs '^// example: not run alone' "$source" || return 0
  read -r -a arguments < <(sed -n 's|^// example arguments: *||p' "$source")
  TRACTOR_SPAWN_METHOD=$2 TRACTOR_TPT_PROTO=$3 TRACTOR_REGISTRY_ADDRS=$(registry "$3") timeout --kill-after=5 16 \
    "$bin/$name" "${arguments[@]}" >"$scratch/out" 2>"$scratch/err" </dev/null
  status=$?
  if ((status == 0)) && ! grep -q Error "$scratch/err"; then
    passed=$((passed + 1))
    return
  fi
  failed=$((failed + 1))
  if ((status == 124 || status == 137)); then
    say "$id: not done after 16 s"
  else
    say "$id: status $status"
  fi
  tail -n 15 "$scratch/out" "$scratch/err" | sed 's/^/  | /'
}

(($# > 0)) || mapfile -t names < <(find "$bin" -maxdepth 1 -type f -perm -u+x -printf '%f\n' | sort)
(($# > 0)) && names=("$@")
mapfile -t backends < <(keys spawn)
mapfile -t transports < <(keys transport)
if ((${#backends[@]} == 0 || ${#transports[@]} == 0)); then
  say "no spawn backend or no transport in $plugins"
  failed=1
fi
for name in "${names[@]}"; do
  for backend in "${backends[@]}"; do
    for transport in "${transports[@]}"; do
      run_one "$name" "$backend" "$transport"
    done
  done
done
say "$passed passed, $failed failed, 0 skipped"
((failed == 0))
