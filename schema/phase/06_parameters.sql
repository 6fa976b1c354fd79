-- The run's parameters that the derivation depends on; where one moved, every machine is derived anew.
-- An undecided network source (hunting never answered yet) stays undecided.
INSERT OR IGNORE INTO touched
SELECT m.id, 'all'
FROM (SELECT 1 FROM stage.run r
      WHERE ((SELECT value FROM setting WHERE name = 'network_source') IS NOT r.network_source
             AND EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'network' AND state IN ('complete', 'held')))
         OR (SELECT value FROM setting WHERE name = 'identity_model') IS NOT r.identity_model
         OR EXISTS (SELECT 1 FROM setting WHERE name = 'derive_all')) moved
CROSS JOIN MachineInfo m;
-- Not changed by what Defender said, so no part of the run's digest.
DROP TABLE IF EXISTS temp.rederived_vertex;
CREATE TEMP TABLE rederived_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO rederived_vertex
SELECT k.vertex_id FROM setting s CROSS JOIN acknowledged_vertex k WHERE s.name = 'derive_all';
DELETE FROM setting WHERE name = 'derive_all';
INSERT INTO setting SELECT 'network_source', network_source FROM stage.run
WHERE EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'network' AND state IN ('complete', 'held'))
ON CONFLICT DO UPDATE SET value = excluded.value;
INSERT INTO setting SELECT 'identity_model', identity_model FROM stage.run WHERE true
ON CONFLICT DO UPDATE SET value = excluded.value;
