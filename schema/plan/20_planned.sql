-- The outbox after diff, by names: what a plan lists, and what sync --plan compares with it.

DROP TABLE IF EXISTS temp.planned;
CREATE TEMP TABLE planned (
  position INTEGER PRIMARY KEY, operation TEXT NOT NULL, collection TEXT NOT NULL, from_collection TEXT NOT NULL,
  from_key TEXT NOT NULL, to_collection TEXT, to_key TEXT, reason TEXT NOT NULL, evidence TEXT, body TEXT,
  last_modified INTEGER, machine TEXT, object_id INTEGER NOT NULL) STRICT;
INSERT INTO planned
SELECT o.item_id, o.operation, o.collection, v.collection, v.key, NULL, NULL, o.reason, o.evidence, o.body, o.last_modified,
       CASE v.collection WHEN 'asset' THEN v.key END, o.object_id
FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.object_id
WHERE o.operation IN ('vertex', 'delete');
-- The machine of an edge: whose claim was lost; where it begins; the first that claims it.
INSERT INTO planned
SELECT o.item_id, o.operation, o.collection, n.from_collection, n.from_key, n.to_collection, n.to_key, o.reason, o.evidence,
       o.body, o.last_modified,
       coalesce((SELECT v.key FROM vertex v WHERE v.vertex_id = o.machine_id),
                CASE n.from_collection WHEN 'asset' THEN n.from_key END,
                (SELECT v.key FROM claim c CROSS JOIN vertex v ON v.vertex_id = c.machine_id
                 WHERE c.edge_id = o.object_id ORDER BY c.machine_id LIMIT 1)),
       o.object_id
FROM outbox o CROSS JOIN edge_name n ON n.edge_id = o.object_id
WHERE o.operation NOT IN ('vertex', 'delete');
