#!/usr/bin/env bash
# `tractor doctor` says what of the machine limits what, a shell that has read `tractor completion` completes, and the
# other programs take the runtime's flags.
#
# Usage: test_tractor_command.sh [PRESET]   (default: the first of dev, release that is built)
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

preset=$(built_preset "${1:-}")
configure "$preset" >/dev/null && build "$preset" tractor_cli tractor_reap >/dev/null || die "could not build the preset $preset"
tractor=$root/build/$preset/bin/tractor
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$tractor" doctor >"$folder/out" || die "doctor: $(<"$folder/out")"
grep -qE '^good +pidfds' "$folder/out" || die "doctor does not name the pidfds: $(<"$folder/out")"
(ulimit -Sn 100 && "$tractor" doctor) >"$folder/out" || die "a limit is no failure: $(<"$folder/out")"
grep -qE '^limited +open files +100 of ' "$folder/out" || die "doctor does not see the limit: $(<"$folder/out")"
grep -qF 'raise ulimit -n' "$folder/out" || die "doctor does not say what to do: $(<"$folder/out")"
XDG_RUNTIME_DIR=$folder/none "$tractor" doctor --json >"$folder/out" && die "a missing runtime folder is no failure"
grep -qF '"name":"runtime folder","value":"No such file or directory","verdict":"MISSING"' "$folder/out" ||
  die "doctor does not see that the runtime folder is missing: $(<"$folder/out")"

[[ $("$tractor" config --show) == "$("$tractor" config)" ]] || die "config --show is something else"
"$tractor" config --show --json >"$folder/out" && grep -qF '"name":"spawn_backend","value":' "$folder/out" ||
  die "config --show --json: $(<"$folder/out")"

# complete WORD...: what bash would offer for the last word.
complete_words() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _tractor
  printf '%s ' "${COMPREPLY[@]}"
}
source <("$tractor" completion bash) || die "bash does not take the completion"
[[ $(complete_words tractor p) == 'plugins ps ' ]] || die "completes 'p' to: $(complete_words tractor p)"
[[ $(complete_words tractor ps --j) == '--json ' ]] || die "completes '--j' to: $(complete_words tractor ps --j)"
[[ $(complete_words tractor d) == 'dump doctor ' ]] || die "completes 'd' to: $(complete_words tractor d)"
[[ $(complete_words tractor dump --ti) == '--timeout ' ]] || die "completes '--ti' to: $(complete_words tractor dump --ti)"
[[ $(complete_words tractor ps --tp) == '--tpt-proto --tpdb ' ]] || die "completes '--tp' to: $(complete_words tractor ps --tp)"
[[ $(complete_words tractor new t) == 'transport ' ]] || die "completes 'new t' to: $(complete_words tractor new t)"
[[ $(complete_words tractor new transport pigeon --i) == '--in --insecure ' ]] || die "completes no flag of a nested command"
[[ $(complete_words tractor completion f) == 'fish ' ]] || die "completes no shell"
# By files: a reader that has seen enough would be the end of the writer.
"$tractor" completion fish >"$folder/fish" && grep -qF "complete -c tractor -n '__fish_seen_subcommand_from ps' -l json" "$folder/fish" ||
  die "nothing for fish"
"$tractor" completion zsh >"$folder/zsh" && grep -qF bashcompinit "$folder/zsh" || die "nothing for zsh"
grep -qxF "complete -c tractor -n '__fish_seen_subcommand_from ps' -l ll -d 'log level of everything'" "$folder/fish" ||
  die "no flag of the runtime for fish"
"$tractor" completion csh >"$folder/out" 2>&1 && die "there is a completion for a shell that is not known"

# The flags of the runtime: tests/plugin/cli_test.cpp has the rest of the commands.
runtime_flags=(--ll info --tl devx:info --config /dev/null --plugin-path "$root/build/$preset/lib" --debug-mode --tpdb
  --enable-stackscope --insecure --allow-keyless-peers --spawn-backend trio_like --tpt-proto tcp uds
  --registry-addr 127.0.0.1:1616)
for line in 'tractor-reap -n --uds' 'tractor_bench --list' 'examples/word_count --help'; do
  read -r -a words <<<"$line"
  [[ -x $root/build/$preset/bin/${words[0]} ]] || continue
  "$root/build/$preset/bin/${words[0]}" "${runtime_flags[@]}" "${words[@]:1}" >"$folder/out" 2>&1 ||
    die "$line does not take the runtime's flags: $(<"$folder/out")"
  "$root/build/$preset/bin/${words[0]}" --ll loudest "${words[@]:1}" >"$folder/out" 2>&1
  (($? == 2)) || die "$line takes a level that is none: $(<"$folder/out")"
  "$root/build/$preset/bin/${words[0]}" --help >"$folder/out" && grep -qE '^ *--tpt-proto KEY' "$folder/out" ||
    die "the help of ${words[0]} does not name the runtime's flags: $(<"$folder/out")"
done
# What could not be written is not lost in silence.
bin=$root/build/$preset/bin
for line in 'tractor plugins --json' 'tractor ps' 'tractor config' 'tractor completion bash' 'tractor --help' 'tractor-reap -n' \
  'tractor_conformance --help'; do
  read -r -a words <<<"${line/tractor_conf/tractor-conf}"
  [[ -x $bin/${words[0]} ]] || continue
  "$bin/${words[0]}" "${words[@]:1}" >/dev/full 2>"$folder/out"
  (($? == 1)) && grep -qF 'its output is not written: No space left on device' "$folder/out" ||
    die "$line says nothing of a full disk: $(<"$folder/out")"
  "$bin/${words[0]}" "${words[@]:1}" >&- 2>"$folder/out"
  (($? == 1)) && grep -qF 'its output is not written' "$folder/out" ||
    die "$line says nothing of a closed stdout: $(<"$folder/out")"
done
for line in 'tractor top --once --interval nan' 'tractor-reap -n --grace nan'; do
  read -r -a words <<<"$line"
  "$bin/${words[0]}" "${words[@]:1}" >"$folder/out" 2>&1
  (($? == 2)) || die "$line takes what is no number: $(<"$folder/out")"
done

say "doctor, completion, the runtime's flags and a full disk are as they should be"
