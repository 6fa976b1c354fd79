-- What makes a run's digest, and what a replay compares.
-- statement: vertices
-- graph_vertex and graph_edge as diff has just found them, so that nobody looks for claims again. In the order of the index:
-- nothing is sorted but the edges of one vertex.
SELECT l.vertex_id, l.collection, l.key, l.line FROM vertex_line l
WHERE EXISTS (SELECT 1 FROM temp.desired_vertex d WHERE d.vertex_id = l.vertex_id)
  AND (l.collection <> 'asset' OR EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = l.vertex_id))
ORDER BY l.collection, l.key
-- statement: edges
SELECT l.from_id, l.line FROM edge_line l WHERE EXISTS (SELECT 1 FROM temp.desired_edge d WHERE d.edge_id = l.edge_id)
ORDER BY l.from_collection, l.from_key, l.collection, l.to_collection, l.to_key
-- statement: changes
SELECT line FROM temp.graph_change ORDER BY position
-- statement: part
INSERT INTO temp.graph_part VALUES (:collection, :key, :hash)
-- statement: builds_on
SELECT builds_on FROM stage.run
-- statement: recorded
SELECT digest FROM stage.run
-- statement: keep_changes
INSERT INTO stage.graph_change SELECT position, line FROM temp.graph_change
-- statement: keep_parts
INSERT INTO stage.graph_part SELECT collection, key, hash FROM temp.graph_part
-- statement: keep_withheld
INSERT INTO stage.withheld SELECT kind FROM temp.withheld
-- statement: keep
UPDATE stage.run SET digest = :digest, session = :session
-- statement: keep_session
UPDATE stage.run SET session = :session
-- statement: of_run
UPDATE run SET digest = :digest WHERE run_id = :run_id
-- statement: here
SELECT digest FROM run WHERE run_id = :run_id
-- statement: recorded_withheld
SELECT kind FROM stage.withheld ORDER BY kind
-- statement: differing_changes
-- Lines of one side only: '<' recorded, '>' of the replay.
SELECT side, line FROM (
  SELECT '<' AS side, line FROM (SELECT line FROM stage.graph_change EXCEPT SELECT line FROM temp.graph_change)
  UNION ALL
  SELECT '>', line FROM (SELECT line FROM temp.graph_change EXCEPT SELECT line FROM stage.graph_change))
ORDER BY line LIMIT :limit
-- statement: differing_parts
-- Vertices that differ, or whose edges do.
SELECT collection, key,
       CASE count(*) WHEN 2 THEN 'differs' ELSE CASE min(side) WHEN 1 THEN 'only recorded' ELSE 'only here' END END
FROM (SELECT 1 AS side, collection, key, hash FROM stage.graph_part
      UNION ALL
      SELECT 2, collection, key, hash FROM temp.graph_part)
GROUP BY collection, key HAVING count(*) = 1 OR min(hash) <> max(hash)
ORDER BY collection, key LIMIT :limit
-- statement: part_lines
SELECT line FROM graph_vertex WHERE collection = :collection AND key = :key
UNION ALL
SELECT line FROM graph_edge WHERE from_collection = :collection AND from_key = :key
