-- --repair, first half: what would be taken from CAR, for the guards.

-- What we never heard of gets its number, so that it can be spoken of. Where CAR's name stands for two kinds of ours it is
-- the first one: what shall be gone needs no body.
INSERT OR IGNORE INTO vertex (collection, key)
SELECT 'asset', from_key FROM difference
WHERE kind = 'unexpected' AND NOT is_edge AND collection = 'asset' AND object_id IS NULL;
INSERT OR IGNORE INTO vertex (collection, key)
SELECT (SELECT min(n.name) FROM kind n WHERE n.car_name = c.from_collection), d.from_key
FROM difference d CROSS JOIN read_collection c ON c.name = d.collection
WHERE d.kind = 'unexpected' AND d.is_edge AND d.object_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM kind n CROSS JOIN vertex v ON v.collection = n.name AND v.key = d.from_key
                  WHERE n.car_name = c.from_collection);
INSERT OR IGNORE INTO vertex (collection, key)
SELECT (SELECT min(n.name) FROM kind n WHERE n.car_name = c.to_collection), d.to_key
FROM difference d CROSS JOIN read_collection c ON c.name = d.collection
WHERE d.kind = 'unexpected' AND d.is_edge AND d.object_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM kind n CROSS JOIN vertex v ON v.collection = n.name AND v.key = d.to_key
                  WHERE n.car_name = c.to_collection);
DROP TABLE IF EXISTS temp.named_edge;
CREATE TEMP TABLE named_edge (difference INTEGER PRIMARY KEY, collection TEXT, from_id INTEGER, to_id INTEGER) STRICT;
INSERT INTO named_edge
SELECT d.rowid, d.collection,
       (SELECT min(v.vertex_id) FROM kind n CROSS JOIN vertex v ON v.collection = n.name AND v.key = d.from_key
        WHERE n.car_name = c.from_collection),
       (SELECT min(v.vertex_id) FROM kind n CROSS JOIN vertex v ON v.collection = n.name AND v.key = d.to_key
        WHERE n.car_name = c.to_collection)
FROM difference d CROSS JOIN read_collection c ON c.name = d.collection
WHERE d.kind = 'unexpected' AND d.is_edge AND d.object_id IS NULL;
INSERT OR IGNORE INTO edge (collection, from_id, to_id) SELECT collection, from_id, to_id FROM named_edge;
UPDATE difference SET object_id = (
  SELECT e.edge_id FROM named_edge n
  CROSS JOIN edge e ON e.from_id = n.from_id AND e.to_id = n.to_id AND e.collection = n.collection
  WHERE n.difference = difference.rowid)
WHERE kind = 'unexpected' AND is_edge AND object_id IS NULL;
UPDATE difference SET object_id = (SELECT vertex_id FROM vertex v WHERE v.collection = 'asset' AND v.key = difference.from_key)
WHERE kind = 'unexpected' AND NOT is_edge AND collection = 'asset' AND object_id IS NULL;

DROP TABLE IF EXISTS temp.removal;
CREATE TEMP TABLE removal (          -- kind: 'delete' or an edge collection
  kind TEXT NOT NULL, object_id INTEGER NOT NULL, PRIMARY KEY (kind, object_id)) STRICT, WITHOUT ROWID;
INSERT INTO removal
SELECT 'delete', object_id FROM difference
WHERE kind = 'unexpected' AND NOT is_edge AND collection = 'asset' AND object_id NOT IN (SELECT vertex_id FROM asset);
-- The own edges of an asset go with it.
INSERT OR IGNORE INTO removal
SELECT d.collection, d.object_id
FROM difference d CROSS JOIN edge e ON e.edge_id = d.object_id
WHERE d.kind = 'unexpected' AND d.is_edge
  AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = e.edge_id)
  AND e.from_id NOT IN (SELECT object_id FROM removal WHERE kind = 'delete');

-- What a guard withholds, as in phase/00_begin.sql.
DROP TABLE IF EXISTS temp.withheld;
CREATE TEMP TABLE withheld (kind TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- The run that repairs.
DROP TABLE IF EXISTS temp.repair;
CREATE TEMP TABLE repair (run_id INTEGER NOT NULL, at TEXT NOT NULL) STRICT;
