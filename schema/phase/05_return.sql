-- What earlier runs promised to CAR and did not finish goes back to where it came from, to be decided by this run's
-- reading: a removal is undone in our books, so that it needs a complete reading once more.

-- What CAR refused between these two times waits: a day, and not in a full import. (A time ahead is that of a clock that was
-- off.)
DROP TABLE IF EXISTS temp.refused_lately;
CREATE TEMP TABLE refused_lately (since TEXT NOT NULL, until TEXT NOT NULL) STRICT;
INSERT INTO refused_lately
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', now, '-1 day'),
       strftime('%Y-%m-%dT%H:%M:%fZ', now, CASE mode WHEN 'full' THEN '-2 days' ELSE '+1 day' END)
FROM stage.run;

-- A change that CAR refused goes the same way when its time has come, unless there is nothing left to change.
DELETE FROM refused_change WHERE CASE operation
  WHEN 'delete' THEN object_id IN (SELECT vertex_id FROM asset) OR object_id NOT IN (SELECT vertex_id FROM acknowledged_vertex)
  ELSE object_id NOT IN (SELECT edge_id FROM acknowledged_edge)
       OR (operation = 'disable') = EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = object_id) END;
INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence, last_modified, machine_id, aspect)
SELECT c.run_id, c.operation, c.collection, c.object_id, c.reason, c.evidence, c.last_modified, c.machine_id, c.aspect
FROM refused_change c CROSS JOIN refused_lately l
WHERE c.refused_at NOT BETWEEN l.since AND l.until;

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

-- Written into the stage first and restored from there, so that a replay of this run, whose outbox is empty, does the same.
INSERT OR IGNORE INTO stage.returned_claim
SELECT v.key, o.aspect, n.collection, n.from_collection, n.from_key, n.to_collection, n.to_key, o.run_id
FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.machine_id CROSS JOIN edge_name n ON n.edge_id = o.object_id
WHERE o.operation = 'disable';
INSERT OR IGNORE INTO stage.returned_asset
SELECT v.key, o.run_id FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.object_id WHERE o.operation = 'delete';

DROP TABLE IF EXISTS temp.restored_claim;
CREATE TEMP TABLE restored_claim (machine_id INTEGER, aspect TEXT, edge_id INTEGER, run_id INTEGER,
  PRIMARY KEY (edge_id, machine_id, aspect)) STRICT, WITHOUT ROWID;
INSERT INTO restored_claim
SELECT m.vertex_id, r.aspect, e.edge_id, r.run_id
FROM stage.returned_claim r
CROSS JOIN vertex m ON m.collection = 'asset' AND m.key = r.machine
CROSS JOIN vertex f ON f.collection = r.from_collection AND f.key = r.from_key
CROSS JOIN vertex t ON t.collection = r.to_collection AND t.key = r.to_key
CROSS JOIN edge e ON e.from_id = f.vertex_id AND e.to_id = t.vertex_id AND e.collection = r.collection
WHERE NOT EXISTS (SELECT 1 FROM claim c
                  WHERE c.machine_id = m.vertex_id AND c.aspect = r.aspect AND c.edge_id = e.edge_id);
DROP TABLE IF EXISTS temp.restored_asset;
CREATE TEMP TABLE restored_asset (vertex_id INTEGER PRIMARY KEY, run_id INTEGER) STRICT;
INSERT INTO restored_asset
SELECT v.vertex_id, r.run_id
FROM stage.returned_asset r CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = r.machine
WHERE v.vertex_id NOT IN (SELECT vertex_id FROM asset);

INSERT INTO claim SELECT machine_id, aspect, edge_id, run_id FROM restored_claim;
INSERT INTO asset SELECT vertex_id, run_id FROM restored_asset;
INSERT OR IGNORE INTO touched SELECT machine, aspect FROM stage.returned_claim;
INSERT OR IGNORE INTO touched SELECT machine, 'all' FROM stage.returned_asset;

-- CAR may have taken fields of an import without an answer.
INSERT OR IGNORE INTO possible_field
SELECT o.object_id, j.key, coalesce(t.value, '')
FROM batch b CROSS JOIN outbox o ON o.item_id BETWEEN b.first_item AND b.last_item
CROSS JOIN json_each(o.body) j ON j.key IN (SELECT field FROM body_field)
LEFT JOIN json_each(CASE j.type WHEN 'array' THEN j.value END) t
WHERE o.operation = 'vertex';

DELETE FROM batch;
DELETE FROM outbox;
