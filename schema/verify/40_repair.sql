-- --repair, second half: acknowledged_* becomes what CAR answered, and what Defender says beyond that goes into the outbox.
-- Only the objects that differ are looked at. What a guard withholds stays a difference, here and in CAR.
DELETE FROM difference
WHERE kind = 'unexpected'
  AND EXISTS (SELECT 1 FROM removal r CROSS JOIN withheld w ON w.kind = r.kind
              WHERE r.object_id = difference.object_id
                AND r.kind = CASE WHEN difference.is_edge THEN difference.collection ELSE 'delete' END);
DELETE FROM difference
WHERE kind = 'unexpected' AND is_edge AND EXISTS (SELECT 1 FROM withheld WHERE kind = 'delete')
  AND (SELECT from_id FROM edge WHERE edge_id = object_id) IN (SELECT object_id FROM removal WHERE kind = 'delete');

------------------------------------------------------------------------------------------------- CAR's word
-- Missing: why it is no longer acknowledged stands in the ledger.
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, answer, object_id, since, since_run)
SELECT r.run_id, r.at, 'lost', d.collection, 'CAR no longer held it', 1,
       d.from_key || coalesce(' -> ' || d.to_key, ''), d.detail, d.object_id,
       coalesce(e.since, v.since), coalesce(e.since_run, v.since_run)
FROM difference d CROSS JOIN repair r
LEFT JOIN acknowledged_edge e ON d.is_edge AND e.edge_id = d.object_id
LEFT JOIN acknowledged_vertex v ON NOT d.is_edge AND v.vertex_id = d.object_id
WHERE d.kind = 'missing';
DELETE FROM acknowledged_vertex WHERE vertex_id IN (SELECT object_id FROM difference WHERE kind = 'missing' AND NOT is_edge);
DELETE FROM acknowledged_edge WHERE edge_id IN (SELECT object_id FROM difference WHERE kind = 'missing' AND is_edge);
UPDATE acknowledged_vertex SET body = json_patch(body, (
  SELECT r.body FROM difference d CROSS JOIN readback_vertex r ON r.collection = d.collection AND r.key = d.from_key
  WHERE d.object_id = acknowledged_vertex.vertex_id AND d.kind = 'different'))
WHERE vertex_id IN (SELECT object_id FROM difference WHERE kind = 'different');
-- Unexpected: held, also what is gone in a moment, so that a run that ends before that leaves it to the next one. Vertices
-- that have no number here stay CAR's alone.
INSERT OR IGNORE INTO acknowledged_vertex
SELECT d.object_id, json_patch(coalesce(b.body, json_object('external_id', d.from_key)), r.body), p.at, p.run_id, p.run_id
FROM difference d
CROSS JOIN repair p
CROSS JOIN readback_vertex r ON r.collection = d.collection AND r.key = d.from_key
LEFT JOIN vertex_body b ON b.vertex_id = d.object_id
WHERE d.kind = 'unexpected' AND NOT d.is_edge AND d.object_id IS NOT NULL;
INSERT OR IGNORE INTO acknowledged_edge
SELECT d.object_id, NULL, p.at, p.run_id, p.run_id
FROM difference d CROSS JOIN repair p
WHERE d.kind = 'unexpected' AND d.is_edge;

------------------------------------------------------------------------------------------------- Defender's word
-- What CAR refused within a day waits, as in phase/05_return.sql.
DROP TABLE IF EXISTS temp.refused_lately;
CREATE TEMP TABLE refused_lately (since TEXT NOT NULL, until TEXT NOT NULL) STRICT;
INSERT INTO refused_lately
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', r.clock_at, '-1 day'), strftime('%Y-%m-%dT%H:%M:%fZ', r.clock_at, '+1 day')
FROM repair p CROSS JOIN run r ON r.run_id = p.run_id;

-- Edges that CAR lost, and vertices: those that differ, and the ends of those edges where they were not read back.
DROP TABLE IF EXISTS temp.lost_edge;
CREATE TEMP TABLE lost_edge (edge_id INTEGER PRIMARY KEY, from_id INTEGER NOT NULL, to_id INTEGER NOT NULL) STRICT;
INSERT INTO lost_edge
SELECT e.edge_id, e.from_id, e.to_id
FROM difference d CROSS JOIN edge e ON e.edge_id = d.object_id
WHERE d.kind = 'missing' AND d.is_edge AND EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = e.edge_id);
DROP TABLE IF EXISTS temp.sent_vertex;
CREATE TEMP TABLE sent_vertex (vertex_id INTEGER PRIMARY KEY, reason TEXT NOT NULL, evidence TEXT) STRICT;
INSERT OR IGNORE INTO sent_vertex
SELECT d.object_id, CASE d.kind WHEN 'missing' THEN 'CAR had lost it' ELSE 'CAR held it otherwise' END, d.detail
FROM difference d
CROSS JOIN vertex_body b ON b.vertex_id = d.object_id
LEFT JOIN acknowledged_vertex k ON k.vertex_id = d.object_id
WHERE NOT d.is_edge AND k.body IS NOT b.body;
INSERT OR IGNORE INTO sent_vertex
SELECT v.vertex_id, 'end of an edge that CAR had lost', NULL
FROM (SELECT from_id AS vertex_id FROM lost_edge UNION SELECT to_id FROM lost_edge) e
CROSS JOIN vertex v ON v.vertex_id = e.vertex_id
CROSS JOIN kind n ON n.name = v.collection
WHERE n.car_name NOT IN (SELECT name FROM read_collection);

INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence, body)
SELECT p.run_id, 'vertex', n.car_name, s.vertex_id, s.reason, s.evidence, b.body
FROM sent_vertex s
CROSS JOIN repair p
CROSS JOIN vertex_body b ON b.vertex_id = s.vertex_id
CROSS JOIN kind n ON n.name = b.collection
WHERE b.body IS NOT NULL
  AND CASE b.collection
        WHEN 'asset' THEN EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = s.vertex_id)
        ELSE EXISTS (SELECT 1 FROM edge e CROSS JOIN claim m ON m.edge_id = e.edge_id WHERE e.to_id = s.vertex_id)
          OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim m ON m.edge_id = e.edge_id WHERE e.from_id = s.vertex_id)
      END
  AND NOT EXISTS (SELECT 1 FROM refused_vertex r CROSS JOIN refused_lately l
                  WHERE r.vertex_id = s.vertex_id AND r.body = b.body AND r.refused_at BETWEEN l.since AND l.until)
ORDER BY b.collection <> 'asset', n.car_name, s.reason;

INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence, last_modified)
SELECT p.run_id, 'edge', e.collection, l.edge_id, 'CAR had lost it', NULL,
       (SELECT CAST(round((julianday(a.lastUpdateTime) - 2440587.5) * 86400000) AS INTEGER)
        FROM vertex v CROSS JOIN Alerts a ON a.id = v.key WHERE v.vertex_id = l.to_id AND v.collection = 'alert')
FROM lost_edge l CROSS JOIN repair p CROSS JOIN edge e ON e.edge_id = l.edge_id
WHERE l.edge_id NOT IN (SELECT r.edge_id FROM refused_edge r CROSS JOIN refused_lately d
                        WHERE r.refused_at BETWEEN d.since AND d.until)
ORDER BY e.collection;

INSERT INTO outbox (run_id, operation, collection, object_id, reason)
SELECT p.run_id, 'disable', r.kind, r.object_id, 'CAR held it, Defender does not say so'
FROM removal r CROSS JOIN repair p
WHERE r.kind <> 'delete' AND r.kind NOT IN (SELECT kind FROM withheld)
ORDER BY r.kind;
INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence)
SELECT p.run_id, 'delete', 'asset', r.object_id, 'CAR held it, Defender does not say so', NULL
FROM removal r CROSS JOIN repair p
WHERE r.kind = 'delete' AND r.kind NOT IN (SELECT kind FROM withheld);
