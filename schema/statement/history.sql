-- What `status` and `runs` read.
-- statement: runs
SELECT run_id, mode, reason, outcome, started_at, finished_at, error, defender_calls, car_calls
FROM run ORDER BY run_id DESC LIMIT :limit
-- statement: reader_clock
-- What time it is for a reader whose clock says :now (ms). The last run may have found that clock wrong by so much, and it
-- may have been set right since: the earlier of the two that does not lie before that run's end.
SELECT CASE WHEN min(:now, :now + off) >= ended THEN min(:now, :now + off) ELSE max(:now, :now + off) END
FROM (SELECT coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'host_clock_off'), 0) AS off,
             coalesce((SELECT CAST((julianday(finished_at) - 2440587.5) * 86400000 AS INTEGER) FROM run
                       WHERE finished_at IS NOT NULL ORDER BY run_id DESC LIMIT 1), 0) AS ended)
-- statement: last_success
-- A repair is no sync: it reads nothing of Defender.
SELECT max(finished_at) FROM run WHERE outcome = 'done' AND mode IS NOT 'repair'
-- statement: assets
SELECT count(*) FROM acknowledged_vertex k JOIN vertex v ON v.vertex_id = k.vertex_id WHERE v.collection = 'asset'
-- statement: edges
SELECT count(*) FROM acknowledged_edge
-- statement: outbox
SELECT count(*) FROM outbox
-- statement: last_finished_sync
-- What it set aside is set aside now.
SELECT max(run_id) FROM run WHERE finished_at IS NOT NULL AND mode IS NOT 'repair'
-- statement: last_failure
SELECT failure FROM run WHERE finished_at IS NOT NULL ORDER BY run_id DESC LIMIT 1
-- statement: datasets
SELECT d.name, c.at AS cursor, r.finished_at AS last_complete_at, d.state, d.problem
FROM run_dataset d
LEFT JOIN cursor c ON c.name = d.name
LEFT JOIN run r ON r.run_id = c.run_id
WHERE d.run_id = (SELECT max(run_id) FROM run_dataset)
ORDER BY d.name
-- statement: has_views
-- The newest of each file of schema/audit/ that a command reads.
SELECT count(*) = 3 FROM sqlite_schema
WHERE type = 'view' AND name IN ('audit_top_software', 'audit_explain_edge', 'audit_interval')
-- statement: has_calls
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'call_budget'
