-- What CAR answered against acknowledged_*, which says what it should hold. Names decide, not numbers: an alert and a CVE of
-- one name are one vertex to CAR.

-- Handed to CAR without an answer: neither held nor gone, so nothing is said of these. A DELETE may have taken the asset's
-- own edges with it.
DROP TABLE IF EXISTS temp.unanswered;
CREATE TEMP TABLE unanswered (is_edge INTEGER NOT NULL, object_id INTEGER NOT NULL,
  PRIMARY KEY (is_edge, object_id)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO unanswered
SELECT o.operation NOT IN ('vertex', 'delete'), o.object_id
FROM batch b CROSS JOIN outbox o ON o.item_id BETWEEN b.first_item AND b.last_item;
INSERT OR IGNORE INTO unanswered
SELECT 1, e.edge_id
FROM batch b CROSS JOIN outbox o ON o.item_id BETWEEN b.first_item AND b.last_item
CROSS JOIN edge e ON e.from_id = o.object_id
WHERE o.operation = 'delete';

-- Which of our rows are looked at: all, or the sampled machines' assets and their own edges.
DROP TABLE IF EXISTS temp.looked_at_vertex;
CREATE TEMP TABLE looked_at_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO looked_at_vertex
SELECT k.vertex_id
FROM acknowledged_vertex k CROSS JOIN vertex v ON v.vertex_id = k.vertex_id CROSS JOIN kind n ON n.name = v.collection
CROSS JOIN read_collection c ON c.name = n.car_name
WHERE NOT EXISTS (SELECT 1 FROM sample)
UNION ALL
SELECT k.vertex_id FROM sample s CROSS JOIN acknowledged_vertex k ON k.vertex_id = s.vertex_id;
DELETE FROM looked_at_vertex WHERE vertex_id IN (SELECT object_id FROM unanswered WHERE NOT is_edge);
DROP TABLE IF EXISTS temp.looked_at_edge;
CREATE TEMP TABLE looked_at_edge (edge_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO looked_at_edge
SELECT k.edge_id
FROM acknowledged_edge k CROSS JOIN edge e ON e.edge_id = k.edge_id CROSS JOIN read_collection c ON c.name = e.collection
WHERE NOT EXISTS (SELECT 1 FROM sample)
UNION ALL
SELECT k.edge_id
FROM sample s CROSS JOIN edge e ON e.from_id = s.vertex_id CROSS JOIN acknowledged_edge k ON k.edge_id = e.edge_id;
DELETE FROM looked_at_edge WHERE edge_id IN (SELECT object_id FROM unanswered WHERE is_edge);

DROP TABLE IF EXISTS temp.difference;
CREATE TEMP TABLE difference (
  kind       TEXT NOT NULL CHECK (kind IN ('missing', 'unexpected', 'different')),
  is_edge    INTEGER NOT NULL,
  collection TEXT NOT NULL,          -- CAR's
  object_id  INTEGER,                -- of the vertex or edge; NULL: no row of ours has that name
  from_key   TEXT NOT NULL,          -- a vertex's key, or an edge's first end
  to_key     TEXT,
  detail     TEXT,                   -- for people
  is_drift   INTEGER NOT NULL        -- 0: vertices other than assets stay in CAR, with or without edges
) STRICT;

-- Missing: acknowledged, and not there or not active there.
INSERT INTO difference
SELECT 'missing', 0, n.car_name, v.vertex_id, v.key, NULL,
       CASE WHEN r.key IS NULL THEN 'not there' ELSE 'inactive there' END, 1
FROM looked_at_vertex l
CROSS JOIN vertex v ON v.vertex_id = l.vertex_id
CROSS JOIN kind n ON n.name = v.collection
LEFT JOIN readback_vertex r ON r.collection = n.car_name AND r.key = v.key
WHERE r.active IS NOT 1;
INSERT INTO difference
SELECT 'missing', 1, e.collection, e.edge_id, f.key, t.key,
       CASE WHEN r.from_key IS NULL THEN 'not there' ELSE 'inactive there' END, 1
FROM looked_at_edge l
CROSS JOIN edge e ON e.edge_id = l.edge_id
CROSS JOIN vertex f ON f.vertex_id = e.from_id
CROSS JOIN vertex t ON t.vertex_id = e.to_id
LEFT JOIN readback_edge r ON r.collection = e.collection AND r.from_key = f.key AND r.to_key = t.key
WHERE r.active IS NOT 1;

-- Unexpected: active there for our source, and not acknowledged under any number that has this name.
INSERT INTO difference
SELECT 'unexpected', 0, r.collection,
       (SELECT v.vertex_id FROM kind n CROSS JOIN vertex v ON v.collection = n.name AND v.key = r.key
        WHERE n.car_name = r.collection),
       r.key, NULL, NULL, r.collection = 'asset'
FROM readback_vertex r
WHERE r.active
  AND NOT EXISTS (SELECT 1 FROM kind n CROSS JOIN vertex v ON v.collection = n.name AND v.key = r.key
                  WHERE n.car_name = r.collection
                    AND (v.vertex_id IN (SELECT vertex_id FROM acknowledged_vertex)
                         OR v.vertex_id IN (SELECT object_id FROM unanswered WHERE NOT is_edge)));
INSERT INTO difference
SELECT 'unexpected', 1, r.collection,
       (SELECT e.edge_id
        FROM kind nf CROSS JOIN vertex f ON f.collection = nf.name AND f.key = r.from_key
        CROSS JOIN kind nt CROSS JOIN vertex t ON t.collection = nt.name AND t.key = r.to_key
        CROSS JOIN edge e ON e.from_id = f.vertex_id AND e.to_id = t.vertex_id AND e.collection = r.collection
        WHERE nf.car_name = c.from_collection AND nt.car_name = c.to_collection
        ORDER BY EXISTS (SELECT 1 FROM claim WHERE claim.edge_id = e.edge_id) DESC),
       r.from_key, r.to_key, NULL, 1
FROM readback_edge r CROSS JOIN read_collection c ON c.name = r.collection
WHERE r.active
  AND NOT EXISTS (SELECT 1
                  FROM kind nf CROSS JOIN vertex f ON f.collection = nf.name AND f.key = r.from_key
                  CROSS JOIN kind nt CROSS JOIN vertex t ON t.collection = nt.name AND t.key = r.to_key
                  CROSS JOIN edge e ON e.from_id = f.vertex_id AND e.to_id = t.vertex_id AND e.collection = r.collection
                  WHERE nf.car_name = c.from_collection AND nt.car_name = c.to_collection
                    AND (e.edge_id IN (SELECT edge_id FROM acknowledged_edge)
                         OR e.edge_id IN (SELECT object_id FROM unanswered WHERE is_edge)));

-- Different: an attribute that was sent and reads otherwise. What CAR has beyond that may be anybody's. A number may come as
-- text or with a point.
INSERT INTO difference
SELECT 'different', 0, n.car_name, v.vertex_id, v.key, NULL,
       (SELECT group_concat(a.key || ' is ' || substr(json_quote(b.value), 1, 200) || ', not ' ||
                            substr(json_quote(a.value), 1, 200), '; ')
        FROM json_each(k.body) a CROSS JOIN json_each(r.body) b ON b.key = a.key
        WHERE b.value IS NOT a.value
          AND NOT (typeof(a.value) IN ('integer', 'real') AND CAST(b.value AS NUMERIC) IS a.value)),
       1
FROM looked_at_vertex l
CROSS JOIN acknowledged_vertex k ON k.vertex_id = l.vertex_id
CROSS JOIN vertex v ON v.vertex_id = l.vertex_id
CROSS JOIN kind n ON n.name = v.collection
CROSS JOIN readback_vertex r ON r.collection = n.car_name AND r.key = v.key
WHERE r.active
  AND EXISTS (SELECT 1 FROM json_each(k.body) a CROSS JOIN json_each(r.body) b ON b.key = a.key
              WHERE b.value IS NOT a.value
                AND NOT (typeof(a.value) IN ('integer', 'real') AND CAST(b.value AS NUMERIC) IS a.value));
-- Of two vertices of one name CAR holds what came last.
DELETE FROM difference
WHERE kind = 'different'
  AND EXISTS (SELECT 1 FROM kind n CROSS JOIN vertex v ON v.collection = n.name AND v.key = difference.from_key
              WHERE n.car_name = difference.collection AND v.vertex_id <> difference.object_id
                AND v.vertex_id IN (SELECT vertex_id FROM looked_at_vertex)
                AND v.vertex_id NOT IN (SELECT object_id FROM difference WHERE NOT is_edge));
