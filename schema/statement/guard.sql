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
-- statement: lacking_alerts
-- Open alerts of assets that a reading of everything neither shows with the same machine nor calls Resolved. (A record that
-- cannot be used says nothing of its alert, which then stays.)
SELECT a.id FROM Alerts a
WHERE a.status IS NOT 'Resolved'
  AND EXISTS (SELECT 1 FROM vertex v CROSS JOIN asset s ON s.vertex_id = v.vertex_id
              WHERE v.collection = 'asset' AND v.key = a.machineId)
  AND NOT EXISTS (SELECT 1 FROM stage.Alerts s
                  WHERE s.id = a.id AND (s.status IS 'Resolved' OR s.machineId IS a.machineId
                                         OR typeof(s.machineId) NOT IN ('text', 'null')))
ORDER BY a.id
-- statement: leave_lacking_alerts
-- While they are withheld: what would move one of them to another machine.
DELETE FROM stage.Alerts
WHERE status IS NOT 'Resolved' AND typeof(id) = 'text' AND typeof(machineId) IN ('text', 'null')
  AND EXISTS (SELECT 1 FROM main.Alerts a
              WHERE a.id = stage.Alerts.id AND a.status IS NOT 'Resolved' AND a.machineId IS NOT stage.Alerts.machineId
                AND EXISTS (SELECT 1 FROM vertex v CROSS JOIN asset s ON s.vertex_id = v.vertex_id
                            WHERE v.collection = 'asset' AND v.key = a.machineId))
