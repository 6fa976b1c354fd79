#!/usr/bin/env bash
# Makes a frozen state file: freeze.sh FILE.db.gz, of the programs in $DEFENDER_CAR_BUILD. Once for
# each version of the durable tables, by the last program that wrote it; never again after that.
# What it holds: a good full run, and an incremental one 200 hours later that was killed while CAR
# worked on its imports, so that outbox and batch have rows; and a row in each table that this tenant
# leaves empty. tests/shell/upgrade.sh goes on from there.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../shell/shared.sh"
begin
simulator --machines 8 --software-rows 3 --seed 5 --early-oddities
program sync --working-dir "$place/work"
expect_code 0
simulate POST "/_sim/live?hours=200" >/dev/null
simulate POST "/_sim/fault?match=POST%20/car/api/car/v2/imports&kind=stall&stall_ms=9000&count=9" >/dev/null
program_in_background sync --working-dir "$place/work"
sent() { [[ $(sqlite3 "$place/work/state.db" 'SELECT count(*) FROM batch') != 0 ]]; }
wait_for "an import" sent
kill -KILL "$program_pid"
wait_for_program
sqlite3 "$place/work/state.db" >/dev/null <<'SQL'
INSERT INTO due SELECT v.key, 'all', 'held back', 1 FROM asset JOIN vertex v USING (vertex_id) LIMIT 1;
INSERT INTO rejected VALUES ('machines', 'bad', 'lastSeen is no time', '{"id":"bad"}', 1, 1);
INSERT INTO vertex (collection, key) VALUES ('hostname', 'refused.example'), ('ipaddress', 'refused');
INSERT INTO edge (collection, from_id, to_id)
SELECT 'asset_hostname', (SELECT min(vertex_id) FROM asset), vertex_id FROM vertex WHERE key = 'refused.example';
INSERT INTO refused_vertex SELECT vertex_id, '{}', 'data_mal_formed', 1, '' FROM vertex WHERE key = 'refused';
INSERT INTO refused_edge SELECT max(edge_id), 'no such vertex', 1, '' FROM edge;
INSERT OR IGNORE INTO refused_change VALUES ('disable', (SELECT max(edge_id) FROM edge), 'asset_hostname', 'machine changed',
  NULL, NULL, NULL, NULL, '400', 1, '');
INSERT OR IGNORE INTO kept_software SELECT min(vertex_id), 1 FROM asset;
INSERT OR IGNORE INTO users_unanswered VALUES ('nobody', '2026-01-01T00:00:00.000Z', 'absent');
INSERT OR IGNORE INTO refusal VALUES ('machine', 'nobody', 1, '2026-01-01T00:00:00.000Z', '2026-01-01T01:00:00.000Z', '400');
INSERT OR IGNORE INTO machine_id_form SELECT lower(key), key FROM vertex JOIN asset USING (vertex_id) LIMIT 1;
INSERT OR IGNORE INTO left_out VALUES ('MachineInfo', 'nobody', 'lastIpAddress', '-', 1);
INSERT OR IGNORE INTO RowScore VALUES ('CVE-1', NULL, 1);
PRAGMA wal_checkpoint(TRUNCATE);
SQL
gzip -9nc "$place/work/state.db" >"$1"
