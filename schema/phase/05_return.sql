-- What earlier runs promised to CAR and did not finish goes back to where it came from, to be decided by this run's
-- reading: a removal is undone in our books, so that it needs a complete reading once more.

-- Handed to CAR without an answer: it may have been carried out or not, so these count as neither held nor gone.
DROP TABLE IF EXISTS temp.unanswered_edge;
CREATE TEMP TABLE unanswered_edge (edge_id INTEGER PRIMARY KEY) STRICT;
DROP TABLE IF EXISTS temp.unanswered_vertex;
CREATE TEMP TABLE unanswered_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT OR IGNORE INTO unanswered_edge
SELECT o.object_id FROM batch b CROSS JOIN outbox o ON o.item_id BETWEEN b.first_item AND b.last_item
WHERE o.operation IN ('edge', 'disable', 'touch');
INSERT OR IGNORE INTO unanswered_vertex
SELECT o.object_id FROM batch b CROSS JOIN outbox o ON o.item_id BETWEEN b.first_item AND b.last_item
WHERE o.operation IN ('vertex', 'delete');
-- A DELETE without an answer may have taken the asset's own edges with it.
INSERT OR IGNORE INTO unanswered_edge
SELECT e.edge_id
FROM batch b CROSS JOIN outbox o ON o.item_id BETWEEN b.first_item AND b.last_item
CROSS JOIN edge e ON e.from_id = o.object_id
CROSS JOIN acknowledged_edge k ON k.edge_id = e.edge_id
WHERE o.operation = 'delete';

DROP TABLE IF EXISTS temp.returned_edge;
CREATE TEMP TABLE returned_edge (edge_id INTEGER PRIMARY KEY, reason TEXT NOT NULL, evidence TEXT) STRICT;
INSERT OR IGNORE INTO returned_edge
SELECT object_id, reason, evidence FROM outbox WHERE operation IN ('edge', 'disable', 'touch');
DROP TABLE IF EXISTS temp.returned_vertex;
CREATE TEMP TABLE returned_vertex (vertex_id INTEGER PRIMARY KEY, reason TEXT NOT NULL, evidence TEXT) STRICT;
INSERT OR IGNORE INTO returned_vertex
SELECT object_id, reason, evidence FROM outbox WHERE operation IN ('vertex', 'delete');

INSERT OR IGNORE INTO claim
SELECT machine_id, aspect, object_id, run_id FROM outbox WHERE operation = 'disable' AND machine_id IS NOT NULL;
INSERT OR IGNORE INTO touched
SELECT v.key, o.aspect FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.machine_id WHERE o.operation = 'disable';
INSERT OR IGNORE INTO asset SELECT object_id, run_id FROM outbox WHERE operation = 'delete';
INSERT OR IGNORE INTO touched
SELECT v.key, 'all' FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.object_id WHERE o.operation = 'delete';

DELETE FROM batch;
DELETE FROM outbox;
