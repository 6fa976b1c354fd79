-- The desired graph as canonical lines, one a vertex and one an edge (phase/60_digest.sql).

CREATE VIEW vertex_line AS
SELECT v.vertex_id, v.collection, v.key,
       json_array(v.collection, v.key, json(b.body),
                  (SELECT a.lastUpdateTime FROM Alerts a WHERE v.collection = 'alert' AND a.id = v.key)) AS line
FROM vertex v CROSS JOIN vertex_body b ON b.vertex_id = v.vertex_id
WHERE b.body IS NOT NULL;

CREATE VIEW edge_line AS
SELECT e.edge_id, e.from_id, f.collection AS from_collection, f.key AS from_key, e.collection, t.collection AS to_collection,
       t.key AS to_key, json_array(e.collection, f.collection, f.key, t.collection, t.key) AS line
FROM vertex f CROSS JOIN edge e ON e.from_id = f.vertex_id CROSS JOIN vertex t ON t.vertex_id = e.to_id;

-- A vertex that CAR shall hold: an asset, or an end of an edge that somebody claims. Of an alert also when it was last
-- updated: that is the last_modified of its edges.
CREATE VIEW graph_vertex AS
SELECT l.vertex_id, l.collection, l.key, l.line FROM vertex_line l
WHERE CASE l.collection
        WHEN 'asset' THEN EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = l.vertex_id)
        ELSE EXISTS (SELECT 1 FROM edge e CROSS JOIN claim c ON c.edge_id = e.edge_id WHERE e.to_id = l.vertex_id)
          OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim c ON c.edge_id = e.edge_id WHERE e.from_id = l.vertex_id)
      END;

CREATE VIEW graph_edge AS
SELECT l.* FROM edge_line l WHERE EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = l.edge_id);
