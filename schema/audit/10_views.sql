-- The audit: questions that people ask the state file, each a view that the stock sqlite3 shell can read. Stable names.

CREATE VIEW audit_machine AS
-- What CAR holds of which machine: every active edge that hangs on it, what sort of Defender row says so, and since when.
SELECT m.id AS machine, m.computerDnsName AS name, c.aspect, e.collection AS edge, n.from_key, n.to_key,
       k.edge_id IS NOT NULL AS in_car, k.since, k.since_run, k.confirmed_run
FROM MachineInfo m
JOIN vertex v ON v.collection = 'asset' AND v.key = m.id
JOIN claim c ON c.machine_id = v.vertex_id
JOIN edge e ON e.edge_id = c.edge_id
JOIN edge_name n ON n.edge_id = e.edge_id
LEFT JOIN acknowledged_edge k ON k.edge_id = e.edge_id;

CREATE VIEW audit_edge AS
-- Every active edge in CAR, with its names.
SELECT n.collection AS edge, n.from_key, n.to_key, k.since, k.since_run, k.confirmed_run,
       (SELECT count(DISTINCT machine_id) FROM claim c WHERE c.edge_id = k.edge_id) AS machines
FROM acknowledged_edge k JOIN edge_name n ON n.edge_id = k.edge_id;

CREATE VIEW audit_vertex AS
-- Every vertex in CAR, as it was sent.
SELECT n.car_name AS collection, v.key, k.body, k.since, k.since_run, k.confirmed_run
FROM acknowledged_vertex k JOIN vertex v ON v.vertex_id = k.vertex_id JOIN collection n ON n.name = v.collection;

CREATE VIEW audit_change AS
-- What each run changed in CAR, and why; removals one by one. (Count by sum(records): an edge that went with its asset has 0.)
SELECT l.run_id, r.mode, l.at, l.operation, l.collection, l.reason, l.records, l.object, l.evidence, l.answer
FROM ledger l LEFT JOIN run r ON r.run_id = l.run_id;

CREATE VIEW audit_last_run AS
-- The same for the last run alone.
SELECT * FROM audit_change WHERE run_id = (SELECT max(run_id) FROM run);

CREATE VIEW audit_soon_inactive_15 AS
-- Machines that are Inactive and not yet 15 days silent: when CAR will lose them if they stay away.
SELECT m.id AS machine, m.computerDnsName AS name, m.lastSeen,
       strftime('%Y-%m-%dT%H:%M:%fZ', m.lastSeen, '+15 days') AS leaves_at,
       round(julianday(m.lastSeen, '+15 days') - julianday((SELECT max(clock_at) FROM run)), 1) AS days_left
FROM MachineInfo m
JOIN vertex v ON v.collection = 'asset' AND v.key = m.id
JOIN asset a ON a.vertex_id = v.vertex_id
WHERE m.healthStatus = 'Inactive';

CREATE VIEW audit_no_asset AS
-- Machines that Defender knows and CAR does not hold, and why not.
SELECT m.id AS machine, m.computerDnsName AS name, m.healthStatus, m.lastSeen,
       CASE WHEN a.vertex_id IS NULL THEN 'inactive-15'
            WHEN r.vertex_id IS NOT NULL THEN 'refused by CAR: ' || r.reason
            ELSE 'not acknowledged yet' END AS reason
FROM MachineInfo m
LEFT JOIN vertex v ON v.collection = 'asset' AND v.key = m.id
LEFT JOIN asset a ON a.vertex_id = v.vertex_id
LEFT JOIN acknowledged_vertex k ON k.vertex_id = v.vertex_id
LEFT JOIN refused_vertex r ON r.vertex_id = v.vertex_id
WHERE k.vertex_id IS NULL;

CREATE VIEW audit_set_aside AS
-- Records that were set aside, the newest first.
SELECT dataset, record_key, reason, first_run, last_run, record FROM rejected ORDER BY last_run DESC, dataset, record_key;

CREATE VIEW audit_held_back AS
-- Removals that wait for a complete reading or for a permission.
SELECT d.machine, m.computerDnsName AS name, d.aspect, d.reason, d.run_id AS since_run
FROM due d LEFT JOIN MachineInfo m ON m.id = d.machine;

CREATE VIEW audit_deleted AS
-- Deleted assets, and those that fell away at the end of a full import: when, by which run, and on which evidence.
SELECT l.object AS machine, l.at, l.run_id, l.reason, l.evidence, l.answer FROM ledger l
WHERE l.operation IN ('delete', 'drop') AND l.collection = 'asset';

CREATE VIEW audit_dataset AS
-- How each dataset was read, run by run.
SELECT d.run_id, r.started_at, d.name, d.state, d.records, d.problem FROM run_dataset d JOIN run r ON r.run_id = d.run_id;

CREATE VIEW audit_outbox AS
-- What is promised to CAR and not answered for.
SELECT o.item_id, o.run_id, o.operation, o.collection, coalesce(v.key, f.key || ' -> ' || t.key) AS object, o.reason,
       o.evidence, EXISTS (SELECT 1 FROM batch b WHERE o.item_id BETWEEN b.first_item AND b.last_item) AS handed_over,
       o.object_id  -- vertex_id of a vertex or delete, edge_id of all else
FROM outbox o
LEFT JOIN vertex v ON o.operation IN ('vertex', 'delete') AND v.vertex_id = o.object_id
LEFT JOIN edge e ON o.operation NOT IN ('vertex', 'delete') AND e.edge_id = o.object_id
LEFT JOIN vertex f ON f.vertex_id = e.from_id
LEFT JOIN vertex t ON t.vertex_id = e.to_id;
