#!/usr/bin/env bash
# scripts/shell opens what a sync left: by folder, by file, on a folder without write permission; box
# mode with headers; and lets nobody write.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 20
program sync --working-dir "$place/work"
expect_code 0

ask() {
  code=0
  "$root/scripts/shell" "$@" >"$place/out" 2>"$place/err" || code=$?
}

expect_box() {
  expect_code 0 "$1"
  grep -q '│ run_id │' "$place/out" || fail "no box with headers: $1"
}

query="SELECT run_id FROM run"
ask "$place/work" "$query" && expect_box "by folder"
ask "$place/work/state.db" "$query" && expect_box "by file"
code=0
"$root/scripts/shell" "$place/work" <<<"$query;" >"$place/out" 2>"$place/err" || code=$?
expect_box "by standard input"
XDG_STATE_HOME=$place/xdg ask "$place/nowhere" "$query"
expect_code 1 "no such state"

ask "$place/work" "DELETE FROM run"
((code != 0)) || fail "the shell could write"

cp -r "$place/work" "$place/work ?# read-only"
chmod 500 "$place/work ?# read-only"
ask "$place/work ?# read-only" "$query" && expect_box "on a read-only folder"
chmod 700 "$place/work ?# read-only"
