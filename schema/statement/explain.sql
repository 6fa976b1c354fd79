-- What `explain` asks: which things a word may mean, and then the views of schema/audit/20_explain.sql about each.
-- statement: begin
-- All answers from one moment, also while a run works on the file.
BEGIN
-- statement: end
COMMIT
-- statement: subjects
-- Everything of that very spelling. A machine's two kinds of user vertices are one account.
SELECT kind, key FROM (
  SELECT CASE n.name WHEN 'user' THEN 'account' ELSE n.name END AS kind, v.key
  FROM collection n CROSS JOIN vertex v ON v.collection = n.name AND v.key = :key
  UNION SELECT 'asset', id FROM MachineInfo WHERE id = :key
  UNION SELECT 'asset', id FROM MachineInfo WHERE computerDnsName = :key
  UNION
  -- Defender lists it no longer; it had that name.
  SELECT 'asset', f.key
  FROM vertex h
  CROSS JOIN edge e ON e.to_id = h.vertex_id AND e.collection = 'asset_hostname'
  CROSS JOIN vertex f ON f.vertex_id = e.from_id
  WHERE h.collection = 'hostname' AND h.key = :key AND NOT EXISTS (SELECT 1 FROM MachineInfo m WHERE m.id = f.key)
  UNION SELECT 'alert', id FROM Alerts WHERE id = :key
  UNION SELECT 'cve', CveId FROM VulnerabilityKb WHERE CveId = :key
  UNION SELECT 'cve', :key WHERE EXISTS (SELECT 1 FROM SoftwareVulnerabilities WHERE CveId = :key)
  UNION SELECT 'account', :key WHERE EXISTS (SELECT 1 FROM LogonUsers WHERE accountName = :key)
  UNION SELECT CASE dataset WHEN 'machines' THEN 'asset' ELSE 'alert' END, record_key FROM rejected
        WHERE dataset IN ('machines', 'alerts') AND record_key = :key)
WHERE :kind = '' OR kind = :kind
LIMIT :most
-- statement: short_name
-- Machines whose name is :key and a domain.
SELECT 'asset' AS kind, id AS key FROM MachineInfo
WHERE computerDnsName BETWEEN :key || '.' AND :key || '.' || char(1114111) LIMIT :most
-- statement: beginning
-- What begins so: machines by name or id, all else by key.
SELECT kind, key FROM (
  SELECT * FROM (SELECT 'asset' AS kind, id AS key FROM MachineInfo
                 WHERE computerDnsName BETWEEN :key AND :key || char(1114111) LIMIT :most)
  UNION
  SELECT CASE collection WHEN 'user' THEN 'account' ELSE collection END, key
  FROM (SELECT v.collection, v.key FROM collection n
        CROSS JOIN vertex v ON v.collection = n.name AND v.key BETWEEN :key AND :key || char(1114111)
        WHERE n.name <> 'hostname' LIMIT :most))
LIMIT :most
-- statement: recent
-- What came and went last among the edges of a vertex, the newest first. (Of audit_interval, which is a union, a join would
-- read everything.)
WITH picked AS (
  SELECT edge_id FROM (SELECT edge_id FROM edge WHERE from_id = :id LIMIT :looked_at)
  UNION
  SELECT edge_id FROM (SELECT edge_id FROM edge WHERE to_id = :id LIMIT :looked_at))
SELECT k.since AS at, '+' AS change, e.collection AS edge, f.collection AS from_kind, f.key AS from_key,
       t.collection AS to_kind, t.key AS to_key, k.since_run AS run_id, '' AS reason
FROM picked p
CROSS JOIN acknowledged_edge k ON k.edge_id = p.edge_id
CROSS JOIN edge e ON e.edge_id = k.edge_id
CROSS JOIN vertex f ON f.vertex_id = e.from_id
CROSS JOIN vertex t ON t.vertex_id = e.to_id
UNION ALL
SELECT g.since, '+', g.edge, g.from_kind, g.from_key, g.to_kind, g.to_key, g.since_run, ''
FROM picked p CROSS JOIN audit_gone_edge g ON g.edge_id = p.edge_id WHERE g.since IS NOT NULL
UNION ALL
SELECT g.at, '-', g.edge, g.from_kind, g.from_key, g.to_kind, g.to_key, g.run_id, g.reason
FROM picked p CROSS JOIN audit_gone_edge g ON g.edge_id = p.edge_id
ORDER BY 1 DESC, 2, 3, 7 LIMIT :most
-- statement: name
-- What a person calls a machine, an alert or a CVE.
SELECT CASE :kind WHEN 'asset' THEN (SELECT computerDnsName FROM MachineInfo WHERE id = :key)
                  WHEN 'alert' THEN (SELECT title FROM Alerts WHERE id = :key) END
-- statement: is_kind
SELECT count(*) FROM collection WHERE name = :kind
-- statement: vertices
SELECT vertex_id FROM derived_vertex
WHERE collection IN (:kind, CASE :kind WHEN 'account' THEN 'user' END) AND key = :key
ORDER BY collection
-- statement: near_names
SELECT computerDnsName FROM (
  SELECT DISTINCT computerDnsName FROM MachineInfo WHERE computerDnsName BETWEEN :begin AND :begin || char(1114111) LIMIT :most)
UNION
SELECT key FROM (
  SELECT v.key FROM collection n
  CROSS JOIN vertex v ON v.collection = n.name AND v.key BETWEEN :begin AND :begin || char(1114111) LIMIT :most)
LIMIT :most
-- statement: machine
SELECT name, healthStatus, lastSeen, is_asset, leaves_at, days_left, fifteen_days FROM audit_explain_machine WHERE machine = :machine
-- statement: scope
SELECT in_scope, reason FROM machine_scope WHERE id = :machine
-- statement: machine_change
SELECT machines_run, network_run, users_run, alerts_run, vulnerabilities_run, graph_run FROM audit_machine_change
WHERE machine = :machine
-- statement: machine_incomplete
SELECT run_id, dataset, state, problem FROM audit_machine_incomplete WHERE machine = :machine ORDER BY run_id DESC, dataset
-- statement: held_back
SELECT aspect, reason, since_run FROM audit_held_back WHERE machine = :machine
-- statement: set_aside
-- By the record's own key; of a machine also its alerts; and what CAR refused.
SELECT dataset, record_key, reason, first_run, last_run, record FROM rejected
WHERE dataset IN ('machines', 'network', 'users', 'alerts', 'vulnerabilities') AND record_key = :key
UNION
SELECT dataset, record_key, reason, first_run, last_run, record FROM rejected
WHERE :kind = 'asset' AND dataset = 'alerts'
  AND CASE WHEN json_valid(record) THEN record ->> 'machineId' END = :key
UNION
SELECT dataset, record_key, reason, first_run, last_run, record FROM rejected
WHERE dataset = 'CAR' AND record_key IN (:kind || ' ' || :key, CASE :kind WHEN 'account' THEN 'user ' || :key END)
ORDER BY 5 DESC, 1, 3
-- statement: left_out
-- Of a machine all of it; of an account on which machines; of an alert or a CVE its own values.
SELECT machine, field, value, reason FROM (
  SELECT machineId AS machine, 'accountName' AS field,
         coalesce(nullif(accountDomain, '') || '\', '') || accountName AS value, nobody || ', nobody' AS reason
  FROM logon_user WHERE :kind = 'asset' AND machineId = :key AND nobody IS NOT NULL
  UNION ALL
  SELECT machineId, 'accountName', coalesce(nullif(accountDomain, '') || '\', '') || accountName, nobody || ', nobody'
  FROM logon_user WHERE :kind = 'account' AND accountName = :key AND nobody IS NOT NULL
  UNION ALL
  SELECT d.machine, 'IPAddresses', coalesce(d.address, d.mac), 'its adapter ' || coalesce(d.adapter || ' ', '') || 'is ' || d.status
  FROM reported_down d WHERE :kind = 'asset' AND d.machine = :key AND coalesce(d.address, d.mac) IS NOT NULL
  UNION ALL
  SELECT d.machine, 'ipAddresses', coalesce(d.address, d.mac), 'its adapter is ' || d.status
  FROM listed_down d WHERE :kind = 'asset' AND d.machine = :key AND coalesce(d.address, d.mac) IS NOT NULL
  UNION ALL
  SELECT NULL, field, value, CASE WHEN value GLOB '[0-9]*' THEN 'a year before 1970 is no time' ELSE 'it says nothing' END
  FROM left_out
  WHERE record_key = :key
    AND source IN (CASE :kind WHEN 'asset' THEN 'MachineInfo' WHEN 'alert' THEN 'Alerts' WHEN 'cve' THEN 'VulnerabilityKb' END,
                   CASE :kind WHEN 'asset' THEN 'LogonUsers' END, CASE :kind WHEN 'asset' THEN 'SoftwareVulnerabilities' END,
                   CASE :kind WHEN 'asset' THEN 'SoftwareVulnerabilityChanges' END,
                   CASE :kind WHEN 'asset' THEN 'MachineNetworkInfo' END))
LIMIT :most
-- statement: defender_row
SELECT defender_row, why_not FROM audit_defender_row WHERE kind = :kind AND key = :key
-- statement: vertex
SELECT kind, car_name, key, state, since, since_run, confirmed_run, imported_as, import_job, refused, refused_run, body
FROM audit_explain_vertex WHERE vertex_id = :id
-- statement: vertex_removal
SELECT run_id, at, operation, reason, evidence, answer FROM audit_gone_vertex WHERE vertex_id = :id
ORDER BY ledger_id DESC LIMIT 1
-- statement: edges
-- Of a vertex, and those between other things that a machine derives: first what CAR holds, the many of software last, the
-- newest first. Of a vertex with very many edges the first :looked_at are looked at.
SELECT picked.edge_id
FROM (
  SELECT * FROM (SELECT edge_id, collection FROM edge WHERE from_id = :id LIMIT :looked_at)
  UNION
  SELECT * FROM (SELECT edge_id, collection FROM edge WHERE to_id = :id LIMIT :looked_at)
  UNION
  SELECT * FROM (SELECT e.edge_id, e.collection FROM claim c CROSS JOIN edge e ON e.edge_id = c.edge_id
                 WHERE c.machine_id = :id LIMIT :looked_at)) picked
LEFT JOIN acknowledged_edge k ON k.edge_id = picked.edge_id
ORDER BY k.edge_id IS NULL, picked.collection IN (SELECT name FROM edge_type WHERE aspect = 'software'),
         k.since DESC, picked.edge_id DESC
LIMIT :most
-- statement: edges_between
SELECT edge_id FROM edge WHERE from_id = :from AND to_id = :to ORDER BY collection
-- statement: edge
SELECT edge, from_kind, from_key, to_kind, to_key, state, since, since_run, confirmed_run, imported_as, import_job, refused,
       refused_run
FROM audit_explain_edge WHERE edge_id = :id
-- statement: edge_removal
SELECT run_id, at, operation, reason, evidence, answer FROM audit_gone_edge WHERE edge_id = :id ORDER BY ledger_id DESC LIMIT 1
-- statement: machines
SELECT count(*) FROM (SELECT DISTINCT machine_id FROM claim WHERE edge_id = :id LIMIT :most)
-- statement: evidence
-- One row a row of Defender's; NULL where there is none.
SELECT picked.machine, m.computerDnsName AS name, picked.aspect, picked.since_run, picked.held_back, j.value AS defender_row
FROM (SELECT * FROM audit_evidence WHERE edge_id = :id LIMIT :most) picked
LEFT JOIN MachineInfo m ON m.id = picked.machine
LEFT JOIN json_each(picked.defender_rows) j
ORDER BY picked.machine, picked.aspect, j.key
-- statement: promise
SELECT operation, reason, evidence, run_id, handed_over FROM audit_outbox
WHERE object_id = :id AND (operation IN ('vertex', 'delete')) = :is_vertex
ORDER BY item_id DESC LIMIT 1
