-- The run's parameters that the derivation depends on; where one moved, every machine is derived anew.
-- An undecided network source (hunting never answered yet) stays undecided.
INSERT OR IGNORE INTO touched
SELECT m.id, 'all'
FROM (SELECT 1 FROM stage.run r
      WHERE ((SELECT value FROM setting WHERE name = 'network_source') IS NOT r.network_source
             AND EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'network' AND state IN ('complete', 'held')))
         OR (SELECT value FROM setting WHERE name = 'identity_model') IS NOT r.identity_model
         OR coalesce((SELECT value FROM setting WHERE name = 'scope'), '{}') <> r.scope
         OR EXISTS (SELECT 1 FROM setting WHERE name = 'derive_all')) moved
CROSS JOIN MachineInfo m;
-- Not changed by what Defender said, so no part of the run's digest.
DROP TABLE IF EXISTS temp.rederived_vertex;
CREATE TEMP TABLE rederived_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO rederived_vertex
SELECT k.vertex_id FROM setting s CROSS JOIN acknowledged_vertex k WHERE s.name = 'derive_all';
DELETE FROM setting WHERE name = 'derive_all';

-- Fields that CAR's import schema names now, or names no longer.
INSERT OR IGNORE INTO rederived_vertex
SELECT k.vertex_id
FROM stage.run r CROSS JOIN acknowledged_vertex k CROSS JOIN vertex v ON v.vertex_id = k.vertex_id
WHERE coalesce((SELECT value FROM setting WHERE name = 'car_fields'), '[]') <> r.car_fields
  AND v.collection IN (SELECT collection FROM body_field);
INSERT INTO setting SELECT 'car_fields', car_fields FROM stage.run WHERE true
ON CONFLICT DO UPDATE SET value = excluded.value;
INSERT OR IGNORE INTO possible_field
SELECT r.vertex_id, j.key, coalesce(t.value, '')
FROM rederived_vertex r CROSS JOIN acknowledged_vertex k ON k.vertex_id = r.vertex_id
CROSS JOIN json_each(k.body) j
  ON j.key IN (SELECT field FROM body_field EXCEPT SELECT field FROM named_field)
LEFT JOIN json_each(CASE j.type WHEN 'array' THEN j.value END) t;

-- How accounts are named.
DROP TABLE IF EXISTS temp.account_key_moved;
CREATE TEMP TABLE account_key_moved (account_key TEXT NOT NULL) STRICT;
INSERT INTO account_key_moved
SELECT account_key FROM stage.run
WHERE coalesce((SELECT value FROM setting WHERE name = 'account_key'), 'name') <> account_key;
INSERT OR IGNORE INTO touched SELECT u.machineId, 'users' FROM account_key_moved CROSS JOIN LogonUsers u;
INSERT INTO setting SELECT 'account_key', account_key FROM account_key_moved WHERE true
ON CONFLICT DO UPDATE SET value = excluded.value;

INSERT INTO setting SELECT 'scope', scope FROM stage.run WHERE true
ON CONFLICT DO UPDATE SET value = excluded.value;
INSERT INTO setting SELECT 'network_source', network_source FROM stage.run
WHERE EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'network' AND state IN ('complete', 'held'))
ON CONFLICT DO UPDATE SET value = excluded.value;
INSERT INTO setting SELECT 'identity_model', identity_model FROM stage.run WHERE true
ON CONFLICT DO UPDATE SET value = excluded.value;
