-- The run's parameters that the derivation depends on; where one moved, every machine is derived anew.
-- An undecided network source (hunting never answered yet) stays undecided.
INSERT OR IGNORE INTO touched
SELECT m.id, 'all' FROM MachineInfo m
WHERE ((SELECT value FROM setting WHERE name = 'network_source') IS NOT (SELECT network_source FROM stage.run)
       AND EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'network' AND state IN ('complete', 'held')))
   OR (SELECT value FROM setting WHERE name = 'identity_model') IS NOT (SELECT identity_model FROM stage.run)
   OR EXISTS (SELECT 1 FROM setting WHERE name = 'derive_all');
-- Not changed by what Defender said, so no part of the run's digest.
DROP TABLE IF EXISTS temp.rederived_vertex;
CREATE TEMP TABLE rederived_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO rederived_vertex SELECT vertex_id FROM acknowledged_vertex
WHERE EXISTS (SELECT 1 FROM setting WHERE name = 'derive_all');
DELETE FROM setting WHERE name = 'derive_all';
INSERT INTO setting SELECT 'network_source', network_source FROM stage.run
WHERE EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'network' AND state IN ('complete', 'held'))
ON CONFLICT DO UPDATE SET value = excluded.value;
INSERT INTO setting SELECT 'identity_model', identity_model FROM stage.run WHERE true
ON CONFLICT DO UPDATE SET value = excluded.value;
