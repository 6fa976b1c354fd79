#!/usr/bin/env bash
# What docs/replay-and-diff.md says of `diff` in the stock shell tells the same changes as the program does.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 40
for name in before after; do
  program sync --working-dir "$place/work"
  expect_code 0
  sqlite3 "$place/work/state.db" "VACUUM INTO '$place/$name.db'"
  simulate POST "/_sim/live?hours=40" >/dev/null
done
awk '/^## / { inside = /What changed between two states/ }
     inside && /^```sql/ { block = 1; next }
     /^```/ { block = 0 }
     block' "$root/docs/replay-and-diff.md" >"$place/diff.sql"
[[ -s $place/diff.sql ]] || fail "docs/replay-and-diff.md does not say how"
ln -s "$root/schema" "$place/schema"
cd "$place"
sqlite3 -bail -init /dev/null <diff.sql >out 2>err || fail "the shell cannot run it"
[[ ! -s err ]] || fail "the shell complains"
"$build/defender-car" diff before.db after.db --format json >diff.json
told=$(sqlite3 :memory: "SELECT count(*) FROM json_each(readfile('diff.json'), '\$.machines') m, json_each(m.value, '\$.changes')")
((told > 20)) || fail "only $told changes: this compares nothing"
(($(wc -l <out) == told)) || fail "$(wc -l <out) changes in the shell, $told by the program"
