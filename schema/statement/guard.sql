-- What the guards ask.
-- statement: assets_held
SELECT count(*) FROM acknowledged_vertex k JOIN vertex v ON v.vertex_id = k.vertex_id WHERE v.collection = 'asset'
-- statement: assets_desired
SELECT count(*) FROM asset
-- statement: recent_deletes
-- Assets deleted or dropped in the last 24 hours of Defender's clock, less those that a person allowed.
SELECT coalesce(sum(l.records), 0) FROM ledger l JOIN run r ON r.run_id = l.run_id
WHERE l.operation IN ('delete', 'drop') AND l.collection = 'asset'
  AND r.clock_at > strftime('%Y-%m-%dT%H:%M:%fZ', :now, '-1 day') AND NOT r.deletes_allowed
-- statement: edges_held
SELECT count(*) FROM acknowledged_edge k JOIN edge e ON e.edge_id = k.edge_id WHERE e.collection = :kind
-- statement: removals
-- One row a kind: 'delete' or an edge collection; how many.
SELECT kind, count(*) FROM temp.removal GROUP BY kind
-- statement: removed_objects
SELECT CASE r.kind WHEN 'delete' THEN v.key ELSE n.from_key || ' -> ' || n.to_key END AS object
FROM temp.removal r
LEFT JOIN vertex v ON r.kind = 'delete' AND v.vertex_id = r.object_id
LEFT JOIN edge_name n ON r.kind <> 'delete' AND n.edge_id = r.object_id
WHERE r.kind = :kind
ORDER BY object
-- statement: withhold
INSERT INTO temp.withheld VALUES (:kind)
-- statement: hold_datasets
-- A dataset whose removals are withheld counts as read, but not as complete: the next run reads it anew.
UPDATE stage.dataset SET state = 'held'
WHERE state = 'complete' AND name IN (
  SELECT t.dataset FROM temp.withheld w CROSS JOIN withheld_dataset t ON t.kind = w.kind)
