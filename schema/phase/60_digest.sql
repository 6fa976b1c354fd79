-- What a run changed in the desired graph, as canonical lines: what its digest is made of (ARCHITECTURE.md, "Digests"). Names,
-- never numbers; JSON, so that no name can break a line; ordered by bytes. CAR's answers are no part of it.

-- Edges that are desired now and were not after the run before, and the other way round. (Claims that were restored stood
-- in the graph of the run before that one; they count as gone.)
DROP TABLE IF EXISTS temp.moved_edge;
CREATE TEMP TABLE moved_edge (edge_id INTEGER PRIMARY KEY, before INTEGER NOT NULL, after INTEGER NOT NULL) STRICT;
INSERT INTO moved_edge
SELECT moved.edge_id,
       EXISTS (SELECT 1 FROM claim c
               WHERE c.edge_id = moved.edge_id
                 AND NOT EXISTS (SELECT 1 FROM new_claim n
                                 WHERE n.machine_id = c.machine_id AND n.aspect = c.aspect AND n.edge_id = c.edge_id)
                 AND NOT EXISTS (SELECT 1 FROM restored_claim r
                                 WHERE r.edge_id = c.edge_id AND r.machine_id = c.machine_id AND r.aspect = c.aspect))
       OR EXISTS (SELECT 1 FROM lost_claim l
                  WHERE l.edge_id = moved.edge_id
                    AND NOT EXISTS (SELECT 1 FROM restored_claim r
                                    WHERE r.edge_id = l.edge_id AND r.machine_id = l.machine_id AND r.aspect = l.aspect)),
       EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = moved.edge_id)
FROM (SELECT n.edge_id FROM stage.run r CROSS JOIN new_claim n WHERE r.mode = 'incremental'
      UNION SELECT l.edge_id FROM stage.run r CROSS JOIN lost_claim l WHERE r.mode = 'incremental'
      UNION SELECT s.edge_id FROM stage.run r CROSS JOIN restored_claim s WHERE r.mode = 'incremental') moved;
DELETE FROM moved_edge WHERE before = after;

DROP TABLE IF EXISTS temp.moved_asset;
CREATE TEMP TABLE moved_asset (vertex_id INTEGER PRIMARY KEY, before INTEGER NOT NULL, after INTEGER NOT NULL) STRICT;
INSERT INTO moved_asset
SELECT v.vertex_id,
       v.vertex_id NOT IN (SELECT vertex_id FROM restored_asset) AND v.key NOT IN (SELECT machine FROM joining),
       v.vertex_id IN (SELECT vertex_id FROM asset)
FROM (SELECT vertex_id FROM leaving UNION SELECT vertex_id FROM restored_asset
      UNION SELECT v.vertex_id FROM joining j CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = j.machine) moved
CROSS JOIN vertex v ON v.vertex_id = moved.vertex_id
WHERE (SELECT mode FROM stage.run) = 'incremental';
DELETE FROM moved_asset WHERE before = after;

-- Whose contents belong to the change: Defender's row changed, or an edge or asset that came needs it.
DROP TABLE IF EXISTS temp.told_vertex;
CREATE TEMP TABLE told_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT OR IGNORE INTO told_vertex
SELECT v.vertex_id
FROM stage.run r CROSS JOIN changed_vertex c CROSS JOIN vertex v ON v.collection = c.collection AND v.key = c.key
WHERE r.mode = 'incremental';
INSERT OR IGNORE INTO told_vertex SELECT vertex_id FROM moved_asset WHERE after;
INSERT OR IGNORE INTO told_vertex SELECT e.from_id FROM moved_edge m CROSS JOIN edge e ON e.edge_id = m.edge_id WHERE m.after;
INSERT OR IGNORE INTO told_vertex SELECT e.to_id FROM moved_edge m CROSS JOIN edge e ON e.edge_id = m.edge_id WHERE m.after;

DROP TABLE IF EXISTS temp.graph_change;
CREATE TEMP TABLE graph_change (position INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT;
INSERT INTO graph_change (line)
SELECT line FROM (
  SELECT json_array(CASE WHEN m.after THEN '+' ELSE '-' END, n.collection, n.from_collection, n.from_key,
                    n.to_collection, n.to_key) AS line
  FROM moved_edge m CROSS JOIN edge_name n ON n.edge_id = m.edge_id
  UNION ALL
  SELECT json_array('-', v.collection, v.key) FROM moved_asset m CROSS JOIN vertex v ON v.vertex_id = m.vertex_id
  WHERE NOT m.after
  UNION ALL
  SELECT '["+",' || substr(g.line, 2) FROM told_vertex t CROSS JOIN graph_vertex g ON g.vertex_id = t.vertex_id)
ORDER BY line;

DROP TABLE IF EXISTS temp.graph_part;
CREATE TEMP TABLE graph_part (collection TEXT NOT NULL, key TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (collection, key)) STRICT, WITHOUT ROWID;
