-- What `verify` asks and writes around the scripts of schema/verify/.
-- statement: mark
-- Whatever moves when a run moves what is acknowledged.
SELECT coalesce(max(run_id), 0) || ' ' || (SELECT coalesce(max(ledger_id), 0) FROM ledger) || ' ' ||
       (SELECT count(*) FROM batch)
FROM run
-- statement: choose_sample
-- The same machines all day, so that a second look, or --repair, meets what the first one saw; others tomorrow.
INSERT INTO temp.sample
SELECT v.vertex_id, v.key
FROM acknowledged_vertex k CROSS JOIN vertex v ON v.vertex_id = k.vertex_id
WHERE v.collection = 'asset'
ORDER BY (v.vertex_id + :day) * 2654435761 % 4294967296
LIMIT :size
-- statement: sample
SELECT s.machine, coalesce(m.computerDnsName, '')
FROM temp.sample s LEFT JOIN MachineInfo m ON m.id = s.machine ORDER BY s.machine
-- statement: read_collection
INSERT INTO temp.read_collection VALUES (:name, :from, :to)
-- statement: vertex
INSERT OR IGNORE INTO temp.readback_vertex VALUES (:collection, :key, :active, :body)
-- statement: vertex_again
UPDATE temp.readback_vertex SET active = 1, body = :body WHERE collection = :collection AND key = :key AND NOT active
-- statement: edge
INSERT OR IGNORE INTO temp.readback_edge VALUES (:collection, :from, :to, :active)
-- statement: edge_again
UPDATE temp.readback_edge SET active = 1
WHERE collection = :collection AND from_key = :from AND to_key = :to AND NOT active
-- statement: counts
SELECT kind, collection, is_drift, count(*) FROM temp.difference
GROUP BY kind, collection, is_drift ORDER BY is_drift DESC, kind, is_edge, collection
-- statement: unanswered
SELECT count(*) FROM temp.unanswered
-- statement: listed
-- With the machines that hold it up by their claims, or whose own it is: three at most, and how many there are.
SELECT d.kind, d.collection, d.from_key || coalesce(' -> ' || d.to_key, ''), coalesce(d.detail, ''),
       d.rowid
FROM temp.difference d WHERE d.is_drift ORDER BY d.kind, d.is_edge, d.collection, d.from_key, d.to_key LIMIT :limit
-- statement: machines
WITH behind (machine_id) AS (
  SELECT c.machine_id FROM temp.difference d CROSS JOIN claim c ON c.edge_id = d.object_id WHERE d.rowid = :row AND d.is_edge
  UNION
  SELECT c.machine_id FROM temp.difference d CROSS JOIN edge e ON e.to_id = d.object_id CROSS JOIN claim c ON c.edge_id = e.edge_id
  WHERE d.rowid = :row AND NOT d.is_edge
  UNION
  SELECT c.machine_id FROM temp.difference d CROSS JOIN edge e ON e.from_id = d.object_id CROSS JOIN claim c ON c.edge_id = e.edge_id
  WHERE d.rowid = :row AND NOT d.is_edge
), named (machine) AS (
  SELECT v.key FROM behind b CROSS JOIN vertex v ON v.vertex_id = b.machine_id
  UNION
  SELECT d.from_key FROM temp.difference d LEFT JOIN temp.read_collection c ON c.name = d.collection
  WHERE d.rowid = :row AND CASE WHEN d.is_edge THEN c.from_collection ELSE d.collection END = 'asset'
)
SELECT n.machine, coalesce(m.computerDnsName, ''), count(*) OVER () FROM named n LEFT JOIN MachineInfo m ON m.id = n.machine
ORDER BY n.machine LIMIT 3
-- statement: unfinished
SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM batch)
-- statement: drifts
SELECT count(*) FROM temp.difference WHERE is_drift
-- statement: begin_repair
INSERT INTO temp.repair VALUES (:run_id, :at)
