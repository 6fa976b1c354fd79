#!/usr/bin/env bash
# docs/story.md, "The day CAR showed the wrong machine", as a reader types it: quickstart, then
# the section's commands one after the other, from the folder above quickstart/. Each block of output
# that the section shows must be there: its lines in their order, "…" standing for anything.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

# Each sh block becomes NN.sh, the text block after it NN.text.
extract() {
  awk -v folder="$place" '
    /^```sh/ { file = sprintf("%s/%02d.sh", folder, ++count); printf "" >file; next }
    /^```text/ { file = sprintf("%s/%02d.text", folder, count); printf "" >file; next }
    /^```/ { if (file) close(file); file = ""; next }
    file { print >file }' "$root/docs/story.md"
}

# One pattern out of a line: "…" is anything, white space is white space.
pattern_of() {
  sed -E 's/[][\.*^$+?(){}|\\]/\\&/g; s/…/.*/g; s/^[[:space:]]+//; s/[[:space:]]+$//; s/[[:space:]]+/[[:space:]]+/g' <<<"$1"
}

# The lines of TEXT within OUT, each one below the one before.
expect_lines() {
  local text=$1 out=$2 line at from=1
  while IFS= read -r line; do
    [[ -n ${line//[[:space:]…]/} ]] || continue
    at=$(tail -n "+$from" "$out" | grep -nE -m 1 -- "$(pattern_of "$line")" | cut -d: -f1) ||
      fail "the output does not say: $line"
    from=$((from + at))
  done <"$text"
}

extract
shopt -s nullglob
commands=("$place"/[0-9]*.sh)
((${#commands[@]} >= 5)) || fail "the walk-through has ${#commands[@]} blocks of commands"

export DEFENDER_CAR_BUILD=$build DEFENDER_CAR_QUICKSTART=$place/quickstart DEFENDER_CAR_LATENCY=0
"$root/scripts/quickstart" </dev/null >"$place/out" 2>"$place/err" || fail "quickstart failed"
cd "$place"
export PATH=$build:$PATH
for block in "${commands[@]}"; do
  bash -euo pipefail "$block" </dev/null >"$place/out" 2>"$place/err" || fail "failed: $(<"$block")"
  [[ ! -s $place/err ]] || fail "complains: $(<"$block")"
  if [[ -s ${block%.sh}.text ]]; then expect_lines "${block%.sh}.text" "$place/out"; fi
done
