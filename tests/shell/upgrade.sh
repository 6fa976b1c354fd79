#!/usr/bin/env bash
# State files of older programs (tests/upgrade/) go on with today's: CAR ends as an undisturbed twin's,
# and is not sent everything again. A newer file is refused untouched; an upgrade that fails leaves
# the old one as it was.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

# The tenant that the frozen files were made from.
frozen_tenant() {
  stop_simulator
  rm -rf "$place/fresh" "$place/work"
  simulator --machines 8 --software-rows 3 --seed 5 --early-oddities
  program sync --working-dir "$place/fresh"
  expect_code 0 "filling CAR"
}

# thaw FILE: as working folder.
thaw() {
  mkdir "$place/work"
  gzip -dc "$1" >"$place/work/state.db"
  chmod 0600 "$place/work/state.db"
}

query() { sqlite3 -readonly "$place/work/state.db" "$1"; }
edges() { simulate GET /_sim/graph | grep -v '|{'; }
sent() { sqlite3 :memory: "SELECT total(value ->> 'count') FROM json_each(readfile('$place/out'), '$.sent')"; }

expect_every_table_filled() {
  local table
  for table in $(query "SELECT name FROM sqlite_schema WHERE type = 'table'"); do
    (($(query "SELECT count(*) FROM $table") > 0)) || fail "$1 has no row in $table"
  done
}

# CAR knows the save point that the frozen file knows: it was filled by the run that the file tells of.
set_save_point() {
  curl --silent --show-error --fail --noproxy '*' --user car-key:car-password --request PATCH \
    --data "{\"model_state_id\":\"$1\"}" -H 'Content-Type: application/json' \
    "$simulator_url/car/api/car/v2/source?key=Microsoft-Windows-Defender-ATP" >/dev/null
}

undisturbed() {
  frozen_tenant
  simulate POST "/_sim/live?hours=200" >/dev/null
  program sync --working-dir "$place/fresh" --format json
  expect_code 0 "undisturbed"
  edges >"$place/edges"
}

upgrades() {
  frozen_tenant
  thaw "$1"
  expect_every_table_filled "$1"
  set_save_point "$(query "SELECT value FROM setting WHERE name = 'model_state_id'")"
  simulate POST "/_sim/live?hours=200" >/dev/null
  program sync --working-dir "$place/work" --format json
  expect_code 0 "the first run after the upgrade"
  [[ $(json "$place/out" '$.mode') == incremental ]] || fail "not incremental: $(json "$place/out" '$.reason')"
  sent=$(sent)
  whole=$(query 'SELECT (SELECT count(*) FROM acknowledged_vertex) + (SELECT count(*) FROM acknowledged_edge)')
  (($(printf '%.0f' "$sent") * 3 < whole * 2)) || fail "$sent records were sent, of $whole that CAR holds"
  edges | diff "$place/edges" - >"$place/err" || fail "CAR differs from the undisturbed one"
  program sync --working-dir "$place/work" --format json
  expect_code 0 "a quiet run"
  [[ $(json "$place/out" '$.sent') == '[]' ]] || fail "the quiet run sent something"
}

refused_untouched() {
  cp "$place/work/state.db" "$place/before"
  program sync --working-dir "$place/work"
  expect_code "$1" "$2"
  grep -q "$3" "$place/err" || fail "not told: $3"
  cmp -s "$place/before" "$place/work/state.db" || fail "$2 was changed"
}

newer_is_refused() {
  rm -rf "$place/work"
  thaw "$1"
  sqlite3 "$place/work/state.db" 'PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
  refused_untouched 2 "a newer file" "newer program"
}

undisturbed
for file in "$root"/tests/upgrade/state-v*.db.gz; do
  upgrades "$file"
  newer_is_refused "$file"
done
