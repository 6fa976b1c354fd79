-- What --metrics-file tells of the state. Times are seconds since the epoch.
-- statement: last_success
SELECT CAST(strftime('%s', max(finished_at)) AS INTEGER) FROM run WHERE outcome = 'done' AND mode IS NOT 'repair'
-- statement: last_full_import
SELECT CAST(strftime('%s', max(finished_at)) AS INTEGER) FROM run WHERE outcome = 'done' AND mode = 'full'
-- statement: dataset_complete
SELECT name AS label, state = 'complete' AS value FROM run_dataset
WHERE run_id = (SELECT max(run_id) FROM run_dataset) AND state <> 'excluded' ORDER BY name
-- statement: dataset_cursor
SELECT name AS label, CAST(strftime('%s', at) AS INTEGER) AS value FROM cursor ORDER BY name
-- statement: active_edges
SELECT e.collection AS label, count(*) AS value
FROM acknowledged_edge k JOIN edge e ON e.edge_id = k.edge_id GROUP BY e.collection ORDER BY e.collection
-- statement: held_back
SELECT aspect AS label, count(*) AS value FROM due GROUP BY aspect ORDER BY aspect
