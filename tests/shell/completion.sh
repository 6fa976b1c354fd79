#!/usr/bin/env bash
# The completion script, loaded in a real bash, completes commands, options and their values; those of
# zsh and fish are read by their shells where they are installed.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

# complete WORD…: what the shell would offer for the last word.
complete_line() {
  bash -c '
    set -euo pipefail
    . <("$1" completion bash)
    shift
    COMP_WORDS=(defender-car "$@")
    COMP_CWORD=$(($#))
    _defender_car
    printf "%s\n" "${COMPREPLY[@]}"' _ "$build/defender-car" "$@"
}

expect() {
  local wanted=$1
  shift
  complete_line "$@" >"$place/out" 2>"$place/err" || fail "completing '$*' fails"
  [[ ! -s $place/err ]] || fail "completing '$*' complains"
  [[ $(sort "$place/out" | paste -sd ' ') == "$wanted" ]] || fail "completing '$*' does not offer: $wanted"
}

expect 'snapshots status sync' s
expect 'plan' pl
expect '--exit-code' plan --exi
expect '--mode' sync --mo
expect 'auto full incremental' sync --mode ''
expect 'full' sync --mode f
expect 'full' sync --mode = f
expect 'json text' status --format ''
expect 'check list prune' snapshots ''
expect 'status' help st
expect 'bash fish zsh' completion ''
expect '' explain la
mkdir "$place/files"
touch "$place/files/one.db" "$place/files/two.db"
expect "$place/files/one.db $place/files/two.db" diff "$place/files/"
expect "$place/files/one.db" sync --config "$place/files/o"

"$build/defender-car" completion zsh >"$place/zsh"
"$build/defender-car" completion fish >"$place/fish"
grep -q '^#compdef defender-car$' "$place/zsh" || fail "the zsh script has no head"
if command -v zsh >/dev/null; then zsh -n "$place/zsh" || fail "zsh cannot read its script"; fi
if command -v fish >/dev/null; then fish -n "$place/fish" || fail "fish cannot read its script"; fi
for command in sync status explain; do
  grep -q -- "-a $command " "$place/fish" || fail "the fish script has no $command"
done
