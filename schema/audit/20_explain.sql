-- The audit, second part: why CAR holds what it holds, or why no longer. `explain` reads these views and nothing else of the
-- graph, so that each of its answers is a query in the stock shell, too. Stable names. Ask them by edge_id, vertex_id,
-- machine, or kind and key of an end: then they look at as many rows as they answer with, whatever the fleet's size.

CREATE VIEW audit_explain_vertex AS
-- One row a vertex that was ever derived.
SELECT *,
  CASE WHEN in_car AND derived THEN 'active'
       WHEN in_car THEN 'leaving'         -- CAR holds it, nothing derives it any longer
       WHEN derived AND refused IS NOT NULL THEN 'refused'
       WHEN derived THEN 'waiting'        -- derived, and not acknowledged by CAR yet
       WHEN EXISTS (SELECT 1 FROM ledger l WHERE l.object = key AND l.collection = car_name
                      AND l.operation IN ('delete', 'drop', 'lost')) THEN 'gone'
       ELSE 'never'                       -- no removal in the ledger: never was in CAR, or before the ledger begins
  END AS state
FROM (
  SELECT v.vertex_id,
         v.collection AS kind,            -- asset, hostname, ipaddress, macaddress, user, account, alert, cve, application, os
         n.car_name,                      -- CAR's collection
         v.key,
         k.vertex_id IS NOT NULL AS in_car,
         CASE v.collection
           WHEN 'asset' THEN EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = v.vertex_id)
           ELSE EXISTS (SELECT 1 FROM edge e CROSS JOIN claim c ON c.edge_id = e.edge_id WHERE e.to_id = v.vertex_id)
             OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim c ON c.edge_id = e.edge_id WHERE e.from_id = v.vertex_id)
         END AS derived,                  -- whether an asset or an edge of today needs it
         k.since, k.since_run,            -- when CAR first acknowledged it, and of which run
         k.confirmed_run,                 -- the last run that reported it
         (SELECT group_concat(DISTINCT l.reason) FROM ledger l
          WHERE l.run_id = k.since_run AND l.operation = 'vertex' AND l.collection = n.car_name AND l.at = k.since) AS imported_as,
         (SELECT group_concat(DISTINCT l.answer) FROM ledger l
          WHERE l.run_id = k.since_run AND l.operation = 'vertex' AND l.collection = n.car_name AND l.at = k.since) AS import_job,
         k.body,                          -- as it was sent, JSON
         coalesce(r.reason, d.answer) AS refused,  -- what CAR said to it, when it refused what the vertex looks like now
         coalesce(r.run_id, d.run_id) AS refused_run  -- … or its deletion
  FROM derived_vertex v
  JOIN collection n ON n.name = v.collection
  LEFT JOIN acknowledged_vertex k ON k.vertex_id = v.vertex_id
  LEFT JOIN refused_vertex r ON r.vertex_id = v.vertex_id
  LEFT JOIN refused_change d ON d.operation = 'delete' AND d.object_id = v.vertex_id);

CREATE VIEW audit_explain_edge AS
-- One row an edge that was ever derived.
SELECT *,
  CASE WHEN in_car AND derived THEN 'active'
       WHEN in_car THEN 'leaving'         -- CAR holds it, no machine derives it any longer
       WHEN derived AND refused IS NOT NULL THEN 'refused'
       WHEN derived THEN 'waiting'   -- derived, and not acknowledged by CAR yet
       WHEN EXISTS (SELECT 1 FROM ledger l WHERE l.object = from_key || ' -> ' || to_key AND l.collection = edge
                      AND l.operation IN ('disable', 'delete', 'drop', 'lost')) THEN 'gone'
       ELSE 'never'                       -- no removal in the ledger: never was in CAR, or before the ledger begins
  END AS state
FROM (
  SELECT e.edge_id,
         e.collection AS edge,
         e.from_id, f.collection AS from_kind, f.key AS from_key,
         e.to_id, t.collection AS to_kind, t.key AS to_key,
         k.edge_id IS NOT NULL AS in_car,
         EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = e.edge_id) AS derived,  -- by some machine, today
         (SELECT count(DISTINCT c.machine_id) FROM claim c WHERE c.edge_id = e.edge_id) AS machines,  -- that derive it
         k.since, k.since_run,            -- when CAR first acknowledged it, and of which run
         k.confirmed_run,                 -- the last run that reported it
         (SELECT group_concat(DISTINCT l.reason) FROM ledger l
          WHERE l.run_id = k.since_run AND l.operation = 'edge' AND l.collection = e.collection AND l.at = k.since) AS imported_as,
         (SELECT group_concat(DISTINCT l.answer) FROM ledger l
          WHERE l.run_id = k.since_run AND l.operation = 'edge' AND l.collection = e.collection AND l.at = k.since) AS import_job,
         coalesce(r.reason, d.answer,     -- what CAR said to it, to its removal, or to one of its ends
                  (SELECT v.collection || ' ' || v.key || ': ' || x.reason
                   FROM refused_vertex x JOIN vertex v ON v.vertex_id = x.vertex_id
                   WHERE x.vertex_id IN (e.from_id, e.to_id)
                     AND NOT EXISTS (SELECT 1 FROM acknowledged_vertex a WHERE a.vertex_id = x.vertex_id))) AS refused,
         coalesce(r.run_id, d.run_id, (SELECT max(x.run_id) FROM refused_vertex x WHERE x.vertex_id IN (e.from_id, e.to_id))) AS refused_run
  FROM edge e
  JOIN vertex f ON f.vertex_id = e.from_id
  JOIN vertex t ON t.vertex_id = e.to_id
  LEFT JOIN acknowledged_edge k ON k.edge_id = e.edge_id
  LEFT JOIN refused_edge r ON r.edge_id = e.edge_id
  LEFT JOIN refused_change d ON d.operation = 'disable' AND d.object_id = e.edge_id);

CREATE VIEW audit_gone_edge AS
-- Every removal of an edge, the latest of which says why it is gone. operation: disable (a PATCH of its own), delete (it went
-- with its asset), drop (not reported within a full import's session), lost (verify --repair found that CAR held it no longer).
SELECT e.edge_id, e.collection AS edge, f.collection AS from_kind, f.key AS from_key, t.collection AS to_kind, t.key AS to_key,
       l.ledger_id, l.at, l.run_id, l.operation, l.reason,
       l.evidence,                        -- the machine, or the Defender row, behind it
       l.answer,                          -- CAR's
       l.since, l.since_run               -- when CAR had acknowledged it, and of which run; NULL: an older program removed it
FROM edge e
JOIN vertex f ON f.vertex_id = e.from_id
JOIN vertex t ON t.vertex_id = e.to_id
JOIN ledger l ON l.object = f.key || ' -> ' || t.key AND l.collection = e.collection AND coalesce(l.object_id, e.edge_id) = e.edge_id
WHERE l.operation IN ('disable', 'delete', 'drop', 'lost');

CREATE VIEW audit_gone_vertex AS
-- The same of vertices: of assets the DELETEs, of all what a full import did not report.
SELECT v.vertex_id, v.collection AS kind, v.key, l.ledger_id, l.at, l.run_id, l.operation, l.reason, l.evidence, l.answer,
       l.since, l.since_run
FROM vertex v
JOIN collection n ON n.name = v.collection
JOIN ledger l ON l.object = v.key AND l.collection = n.car_name AND coalesce(l.object_id, v.vertex_id) = v.vertex_id
WHERE l.operation IN ('delete', 'drop', 'lost');

CREATE VIEW audit_machine_row AS
-- MachineInfo's row of each machine, as JSON.
SELECT id AS machine,
       json_object('table', 'MachineInfo', 'id', id, 'computerDnsName', computerDnsName, 'osPlatform', osPlatform,
                   'healthStatus', healthStatus, 'firstSeen', firstSeen, 'lastSeen', lastSeen,
                   'lastIpAddress', lastIpAddress, 'lastExternalIpAddress', lastExternalIpAddress,
                   'ipAddresses', json(ipAddresses), 'onboardingStatus', onboardingStatus, 'riskScore', riskScore,
                   'deviceValue', deviceValue, 'exposureLevel', exposureLevel, 'rbacGroupName', rbacGroupName,
                   'machineTags', json(machineTags), 'isExcluded', isExcluded, 'mergedIntoMachineId', mergedIntoMachineId,
                   'run_id', run_id) AS defender_row
FROM MachineInfo;

CREATE VIEW audit_evidence AS
-- Which rows of Defender derive an edge: one row for each machine and aspect that claims it (schema/phase/40_derive.sql).
SELECT edge_id, edge, from_kind, from_key, to_kind, to_key,
       machine,                           -- that holds the edge up
       aspect,                            -- machine, network, users, alerts, software
       since_run,                         -- the run in which it began to
       (SELECT d.reason FROM due d WHERE d.machine = c.machine AND d.aspect IN (c.aspect, 'all')) AS held_back,
       coalesce(CASE aspect
         WHEN 'machine' THEN (
           SELECT json_array(json(r.defender_row)) FROM MachineInfo i JOIN audit_machine_row r ON r.machine = i.id
           JOIN last_address l ON l.DeviceId = i.id
           WHERE i.id = c.machine AND c.to_key =
             CASE c.to_kind WHEN 'hostname' THEN i.computerDnsName WHEN 'os' THEN i.osPlatform
                            WHEN 'ipaddress' THEN l.lastExternalIpAddress END)
         WHEN 'network' THEN (
           SELECT json_group_array(json(defender_row)) FROM (
             SELECT json_object('table', 'MachineNetworkInfo', 'DeviceId', a.DeviceId, 'NetworkAdapterName', a.NetworkAdapterName,
                                'MacAddress', a.MacAddress, 'NetworkAdapterStatus', a.NetworkAdapterStatus,
                                'IPAddresses', json(a.IPAddresses), 'Timestamp', a.Timestamp,
                                'run_id', a.run_id) AS defender_row
             FROM current_adapter a
             WHERE a.DeviceId = c.machine AND c.network_source IS 'hunting'
               AND (c.mac IS NULL OR a.mac = c.mac)
               AND (c.address IS NULL OR EXISTS (
                 SELECT 1 FROM json_each(a.IPAddresses) j
                 WHERE j.type = 'object' AND j.value ->> 'IPAddress' IS NOT NULL
                   AND substr(j.value ->> 'IPAddress', 1, instr(j.value ->> 'IPAddress' || '%', '%') - 1) = c.address
                   AND j.value ->> 'AddressType' = 'Private'))
             UNION ALL
             SELECT r.defender_row FROM audit_machine_row r
             WHERE r.machine = c.machine AND c.network_source IS 'machines'
               AND EXISTS (SELECT 1 FROM listed_address l
                           WHERE l.DeviceId = c.machine AND NOT l.down AND (c.mac IS NULL OR l.mac = c.mac)
                             AND (c.address IS NULL OR (l.private AND l.address = c.address)))
             UNION ALL
             SELECT r.defender_row FROM last_address i JOIN audit_machine_row r ON r.machine = i.DeviceId
             WHERE i.DeviceId = c.machine AND c.mac IS NULL AND i.lastIpAddress = c.address
               AND CASE c.network_source WHEN 'machines' THEN json_array_length(i.ipAddresses) = 0
                     ELSE NOT EXISTS (SELECT 1 FROM MachineNetworkInfo x WHERE x.DeviceId = i.DeviceId) END))
         WHEN 'users' THEN (
           SELECT json_group_array(json(defender_row)) FROM (
             SELECT json_object('table', 'LogonUsers', 'machineId', u.machineId, 'accountName', u.accountName,
                                'accountDomain', u.accountDomain, 'accountSid', u.accountSid, 'run_id', u.run_id) AS defender_row
             FROM LogonUsers u
             WHERE u.machineId = c.machine AND coalesce(u.accountKey, u.accountName) = c.account
               AND (c.to_kind <> 'hostname' OR EXISTS (
                 SELECT 1 FROM MachineInfo i WHERE i.id = c.machine AND i.computerDnsName = c.to_key))
             UNION ALL
             SELECT r.defender_row FROM MachineInfo i JOIN audit_machine_row r ON r.machine = i.id
             WHERE i.id = c.machine AND c.to_kind = 'hostname' AND i.computerDnsName = c.to_key
               AND EXISTS (SELECT 1 FROM LogonUsers u WHERE u.machineId = c.machine AND coalesce(u.accountKey, u.accountName) = c.account)))
         WHEN 'alerts' THEN (
           SELECT json_array(json_object('table', 'Alerts', 'id', a.id, 'machineId', a.machineId, 'title', a.title,
                                         'severity', a.severity, 'status', a.status, 'firstEventTime', a.firstEventTime,
                                         'alertCreationTime', a.alertCreationTime, 'lastUpdateTime', a.lastUpdateTime,
                                         'run_id', a.run_id))
           FROM Alerts a WHERE a.id = c.to_key AND a.machineId = c.machine AND a.status IS NOT 'Resolved')
         WHEN 'software' THEN
           CASE WHEN c.cve IS NULL THEN (
             SELECT json_group_array(json_object('table', 'SoftwareVulnerabilities', 'DeviceId', s.DeviceId,
                      'SoftwareVendor', s.SoftwareVendor, 'SoftwareName', s.SoftwareName, 'SoftwareVersion', s.SoftwareVersion,
                      'CveId', s.CveId, 'run_id', s.run_id))
             FROM SoftwareVulnerabilities s
             WHERE s.DeviceId = c.machine AND s.SoftwareVendor || ':' || s.SoftwareName || ':' || s.SoftwareVersion = c.application)
           ELSE (
             SELECT json_group_array(json(defender_row)) FROM (
               SELECT json_object('table', 'SoftwareVulnerabilities', 'DeviceId', s.DeviceId,
                        'SoftwareVendor', s.SoftwareVendor, 'SoftwareName', s.SoftwareName, 'SoftwareVersion', s.SoftwareVersion,
                        'CveId', s.CveId, 'run_id', s.run_id,
                        'CvssScore', (SELECT r.CvssScore FROM RowScore r WHERE r.CveId = s.CveId)) AS defender_row
               FROM SoftwareVulnerabilities s
               WHERE s.CveId = c.cve AND s.DeviceId = c.machine AND s.CvssScore IS NOT NULL
                 AND (c.application IS NULL
                      OR s.SoftwareVendor || ':' || s.SoftwareName || ':' || s.SoftwareVersion = c.application)
               UNION ALL
               SELECT json_object('table', 'VulnerabilityKb', 'CveId', k.CveId, 'CvssScore', k.CvssScore,
                        'PublishedDate', k.PublishedDate, 'LastModifiedTime', k.LastModifiedTime, 'run_id', k.run_id)
               FROM VulnerabilityKb k
               WHERE k.CveId = c.cve AND EXISTS (
                 SELECT 1 FROM SoftwareVulnerabilities s
                 WHERE s.CveId = c.cve AND s.DeviceId = c.machine AND s.CvssScore IS NOT NULL
                   AND (c.application IS NULL
                        OR s.SoftwareVendor || ':' || s.SoftwareName || ':' || s.SoftwareVersion = c.application))))
           END
       END, '[]') AS defender_rows         -- a JSON array of the rows' values; [] where Defender says it no longer (held_back)
FROM (
  SELECT k.edge_id, e.collection AS edge, f.collection AS from_kind, f.key AS from_key, t.collection AS to_kind, t.key AS to_key, m.key AS machine,
         k.aspect, k.run_id AS since_run,
         (SELECT value FROM setting WHERE name = 'network_source') AS network_source,
         CASE e.collection WHEN 'asset_ipaddress' THEN t.key WHEN 'ipaddress_macaddress' THEN f.key END AS address,
         CASE t.collection WHEN 'macaddress' THEN t.key END AS mac,
         CASE f.collection WHEN 'asset' THEN t.key ELSE f.key END AS account,
         CASE WHEN t.collection = 'application' THEN t.key WHEN f.collection = 'application' THEN f.key END AS application,
         CASE t.collection WHEN 'cve' THEN t.key END AS cve
  FROM claim k
  JOIN edge e ON e.edge_id = k.edge_id
  JOIN vertex f ON f.vertex_id = e.from_id
  JOIN vertex t ON t.vertex_id = e.to_id
  JOIN vertex m ON m.vertex_id = k.machine_id) c;

CREATE VIEW audit_defender_row AS
-- What Defender last said of a machine, an alert or a CVE, and why CAR holds none such because of it (NULL: nothing speaks
-- against it).
SELECT 'asset' AS kind, machine AS key, defender_row,
       CASE WHEN NOT EXISTS (SELECT 1 FROM vertex v JOIN asset a ON a.vertex_id = v.vertex_id
                             WHERE v.collection = 'asset' AND v.key = machine)
            THEN 'Inactive, and not seen for 15 days' END AS why_not
FROM audit_machine_row
UNION ALL
SELECT 'alert', a.id,
       json_object('table', 'Alerts', 'id', a.id, 'machineId', a.machineId, 'title', a.title, 'severity', a.severity,
                   'status', a.status, 'firstEventTime', a.firstEventTime, 'alertCreationTime', a.alertCreationTime,
                   'lastUpdateTime', a.lastUpdateTime, 'resolvedTime', a.resolvedTime, 'run_id', a.run_id),
       CASE WHEN a.status = 'Resolved' THEN 'the alert is Resolved'
            WHEN a.machineId IS NULL THEN 'the alert names no machine'
            WHEN NOT EXISTS (SELECT 1 FROM vertex v JOIN asset x ON x.vertex_id = v.vertex_id
                             WHERE v.collection = 'asset' AND v.key = a.machineId)
            THEN 'the alert''s machine ' || a.machineId || ' is no asset' END
FROM Alerts a
UNION ALL
SELECT 'cve', k.CveId,
       json_object('table', 'VulnerabilityKb', 'CveId', k.CveId, 'CvssScore', k.CvssScore,
                   'PublishedDate', k.PublishedDate, 'LastModifiedTime', k.LastModifiedTime, 'run_id', k.run_id),
       CASE WHEN k.CvssScore IS NULL AND NOT EXISTS (SELECT 1 FROM RowScore r
                                                     WHERE r.CveId = k.CveId AND r.CvssScore IS NOT NULL)
            THEN 'the CVE has no CvssScore, in the knowledge base and in its own rows: the software only is in CAR'
            WHEN NOT EXISTS (SELECT 1 FROM SoftwareVulnerabilities s WHERE s.CveId = k.CveId) THEN 'no machine has the CVE' END
FROM VulnerabilityKb k;

CREATE VIEW audit_explain_machine AS
-- Every machine of Defender's, and whether its 15 days count: they do only while it is Inactive.
SELECT machine, name, healthStatus, lastSeen, is_asset, in_car,
       leaves_at,                         -- NULL while the 15 days do not count
       round(julianday(leaves_at) - julianday(clock), 1) AS days_left,  -- by Defender's clock of the last run
       CASE WHEN healthStatus IS NOT 'Inactive' THEN 'it is not Inactive, so its 15 days do not count'
            WHEN lastSeen IS NULL THEN 'Defender tells no lastSeen, so its 15 days cannot be counted'
            WHEN leaves_at > clock THEN 'its 15 days are over at ' || leaves_at || ', unless it is seen again'
            WHEN is_asset THEN 'its 15 days are over since ' || leaves_at || ', and it is not deleted yet: ' ||
              coalesce(held_back, 'no run has decided on it since')
            WHEN in_car THEN 'its 15 days are over since ' || leaves_at || ', and CAR has not acknowledged the DELETE yet'
            WHEN was_asset THEN 'its 15 days are over since ' || leaves_at || ', so it was deleted'
            ELSE 'its 15 days were over, at ' || leaves_at || ', before a run first saw it, so it never came to CAR'
       END AS fifteen_days
FROM (
  SELECT m.id AS machine, m.computerDnsName AS name, m.healthStatus, m.lastSeen,
         a.vertex_id IS NOT NULL AS is_asset, k.vertex_id IS NOT NULL AS in_car, v.vertex_id IS NOT NULL AS was_asset,
         CASE m.healthStatus WHEN 'Inactive' THEN strftime('%Y-%m-%dT%H:%M:%fZ', m.lastSeen, '+15 days') END AS leaves_at,
         (SELECT clock_at FROM run WHERE clock_at IS NOT NULL ORDER BY run_id DESC LIMIT 1) AS clock,
         (SELECT d.reason FROM due d WHERE d.machine = m.id AND d.aspect = 'all') AS held_back
  FROM MachineInfo m
  LEFT JOIN derived_vertex v ON v.collection = 'asset' AND v.key = m.id
  LEFT JOIN asset a ON a.vertex_id = v.vertex_id
  LEFT JOIN acknowledged_vertex k ON k.vertex_id = v.vertex_id);

CREATE VIEW audit_machine_change AS
-- The runs that last changed what is known of a machine, by dataset; graph_run: what it derives.
SELECT m.id AS machine, m.run_id AS machines_run,
       (SELECT max(n.run_id) FROM MachineNetworkInfo n WHERE n.DeviceId = m.id) AS network_run,
       (SELECT max(u.run_id) FROM LogonUsers u WHERE u.machineId = m.id) AS users_run,
       (SELECT max(a.run_id) FROM Alerts a WHERE a.machineId = m.id) AS alerts_run,
       (SELECT max(s.run_id) FROM SoftwareVulnerabilities s WHERE s.DeviceId = m.id) AS vulnerabilities_run,
       (SELECT max(c.run_id) FROM vertex v CROSS JOIN claim c ON c.machine_id = v.vertex_id
        WHERE v.collection = 'asset' AND v.key = m.id) AS graph_run
FROM MachineInfo m;

CREATE VIEW audit_machine_incomplete AS
-- The datasets that were not complete in those runs.
SELECT c.machine, d.run_id, d.name AS dataset, d.state, d.problem
FROM audit_machine_change c
JOIN run_dataset d ON d.run_id IN (c.machines_run, c.network_run, c.users_run, c.alerts_run, c.vulnerabilities_run, c.graph_run)
WHERE d.state <> 'complete';
