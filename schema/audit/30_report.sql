-- What `defender-car report` shows, each part a view. All of it is as of the state file, but for the reader's clock: no
-- view asks for the time. "Recent" is the 14 calendar days (UTC) up to the newest run's start.

CREATE VIEW audit_recent_run AS
-- The runs of those days. run_id is the rowid, so this is one range of the table.
SELECT * FROM run
WHERE run_id >= (SELECT min(run_id) FROM run
                 WHERE started_at >= (SELECT date(started_at, '-13 days') FROM run ORDER BY run_id DESC LIMIT 1));

CREATE VIEW audit_rhythm AS
-- How far apart runs usually start (the median of the last 20 gaps, so that a full import now and then does not count)
-- and when the next one is due. NULL where there were fewer than two runs.
WITH start AS (SELECT run_id, started_at FROM run ORDER BY run_id DESC LIMIT 21),
gap AS (SELECT 86400 * (julianday(started_at) - julianday(lag(started_at) OVER (ORDER BY run_id))) AS seconds FROM start),
ranked AS (SELECT seconds, row_number() OVER (ORDER BY seconds) AS place, count(*) OVER () AS gaps FROM gap WHERE seconds > 0),
usual AS (SELECT max(1, CAST(round(avg(seconds)) AS INTEGER)) AS seconds FROM ranked WHERE place IN ((gaps + 1) / 2, (gaps + 2) / 2))
SELECT s.run_id, s.started_at, u.seconds AS usual_gap_seconds,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.started_at, u.seconds || ' seconds') AS next_expected_at
FROM start s, usual u ORDER BY s.run_id DESC LIMIT 1;

CREATE VIEW audit_run_sent AS
-- What each run sent and how long it took. Ask for few: WHERE run_id > …
SELECT r.run_id, r.mode, r.outcome, r.started_at, r.finished_at,
       round(86400 * (julianday(r.finished_at) - julianday(r.started_at)), 1) AS seconds,
       coalesce(sum(l.records) FILTER (WHERE l.operation IN ('vertex', 'edge')), 0) AS imported,
       coalesce(sum(l.records) FILTER (WHERE l.operation = 'touch'), 0) AS updated,
       coalesce(sum(l.records) FILTER (WHERE l.operation = 'disable'), 0) AS disabled,
       coalesce(sum(l.records) FILTER (WHERE l.operation = 'delete'), 0) AS deleted,
       coalesce(sum(l.records) FILTER (WHERE l.operation = 'drop'), 0) AS fell_away,
       r.defender_calls, r.car_calls
FROM run r LEFT JOIN ledger l ON l.run_id = r.run_id
GROUP BY r.run_id;

CREATE VIEW audit_day AS
-- The 14 days, one row each, also those without a run. killed: never came to its end (nor is it at work now).
WITH RECURSIVE day (day, left) AS (
  SELECT date(started_at, '-13 days'), 13 FROM run WHERE run_id = (SELECT max(run_id) FROM run)
  UNION ALL SELECT date(day, '+1 day'), left - 1 FROM day WHERE left > 0),
sent AS (
  SELECT run_id,
         sum(records) FILTER (WHERE operation IN ('vertex', 'edge')) AS imported,
         sum(records) FILTER (WHERE operation = 'touch') AS updated,
         sum(records) FILTER (WHERE operation IN ('disable', 'delete', 'drop')) AS removed
  FROM ledger WHERE run_id >= (SELECT min(run_id) FROM audit_recent_run) GROUP BY run_id)
SELECT d.day, count(r.run_id) AS runs,
       coalesce(sum(r.outcome = 'done'), 0) AS done,
       coalesce(sum(r.outcome = 'partial'), 0) AS partial,
       coalesce(sum(r.outcome = 'held'), 0) AS held,
       coalesce(sum(r.outcome IN ('failed', 'interrupted')), 0) AS failed,
       coalesce(sum(r.finished_at IS NULL AND r.run_id < (SELECT max(run_id) FROM run)), 0) AS killed,
       coalesce(sum(s.imported), 0) AS imported, coalesce(sum(s.updated), 0) AS updated,
       coalesce(sum(s.removed), 0) AS removed,
       max(round(86400 * (julianday(r.finished_at) - julianday(r.started_at)), 1)) AS longest_seconds
FROM day d LEFT JOIN audit_recent_run r ON date(r.started_at) = d.day LEFT JOIN sent s ON s.run_id = r.run_id
GROUP BY d.day;

CREATE VIEW audit_removal AS
-- Recent removals by what was removed and why.
SELECT operation, collection, reason, sum(records) AS records, max(at) AS last_at, max(run_id) AS last_run
FROM ledger
WHERE run_id >= (SELECT min(run_id) FROM audit_recent_run) AND operation IN ('disable', 'delete', 'drop') AND records > 0
GROUP BY operation, collection, reason;

CREATE VIEW audit_failure AS
-- Recent runs that were not good, by the kind of their failure; error is that of the last of them. One that only left
-- something to later runs (--budget-share) is not among them: audit_incomplete tells of it.
SELECT coalesce(outcome, 'killed') AS outcome, coalesce(failure, '') AS failure, count(*) AS runs,
       min(started_at) AS first_at, max(started_at) AS last_at, max(run_id) AS last_run, coalesce(error, '') AS error
FROM audit_recent_run
WHERE outcome IS NOT 'done' AND (outcome IS NOT 'partial' OR failure IS NOT NULL)
  AND (finished_at IS NOT NULL OR run_id < (SELECT max(run_id) FROM run))
GROUP BY 1, 2;

CREATE VIEW audit_incomplete AS
-- Recent readings that were not complete, by dataset; problem is that of the last of them.
SELECT d.name, d.state, count(*) AS runs, min(r.started_at) AS first_at, max(r.started_at) AS last_at,
       max(d.run_id) AS last_run, coalesce(d.problem, '') AS problem
FROM run_dataset d JOIN audit_recent_run r ON r.run_id = d.run_id
WHERE d.state IN ('incomplete', 'held', 'unavailable')
GROUP BY d.name, d.state;

CREATE VIEW audit_fleet AS
-- The fleet as Defender knows it, and how much of it CAR holds.
SELECT coalesce(nullif(m.osPlatform, ''), 'unknown') AS platform, coalesce(nullif(m.healthStatus, ''), 'unknown') AS health,
       count(*) AS machines, count(k.vertex_id) AS in_car
FROM MachineInfo m
LEFT JOIN vertex v ON v.collection = 'asset' AND v.key = m.id
LEFT JOIN acknowledged_vertex k ON k.vertex_id = v.vertex_id
GROUP BY 1, 2;

CREATE VIEW audit_leaving_day AS
-- Silent machines by the whole days they have left; 0 also for those whose time is over and which a guard holds.
SELECT max(0, CAST(days_left AS INTEGER)) AS days_left, count(*) AS machines FROM audit_soon_inactive_15 GROUP BY 1;

CREATE VIEW audit_set_aside_reason AS
-- Records set aside by dataset and reason. standing: those that the last finished run met.
SELECT dataset, reason, count(*) AS records,
       sum(last_run = (SELECT max(run_id) FROM run WHERE finished_at IS NOT NULL)) AS standing,
       min(first_run) AS first_run, max(last_run) AS last_run
FROM rejected GROUP BY dataset, reason;

CREATE VIEW audit_vulnerability_severity AS
-- CVEs that Defender reports, by CVSS rating; findings are pairs of a machine and a CVE.
-- Those without a score have no vertex in CAR.
SELECT CASE WHEN score IS NULL THEN 'not scored' WHEN score >= 9 THEN 'critical' WHEN score >= 7 THEN 'high'
            WHEN score >= 4 THEN 'medium' WHEN score > 0 THEN 'low' ELSE 'none' END AS severity,
       max(score) AS worst, count(*) AS cves, sum(machines) AS findings
FROM (SELECT c.CveId, c.machines, coalesce(k.CvssScore, r.CvssScore) AS score
      FROM (SELECT s.CveId, count(DISTINCT m.machine_id) AS machines
            FROM software s CROSS JOIN machine_software m ON m.software_id = s.software_id
            WHERE s.CveId <> '' GROUP BY s.CveId) c
      LEFT JOIN VulnerabilityKb k ON k.CveId = c.CveId LEFT JOIN RowScore r ON r.CveId = c.CveId)
GROUP BY 1;

CREATE VIEW audit_top_software AS
-- The 50 pieces of software behind most CVEs, as CAR holds them, and on how many machines each is. The machines are
-- counted last, for these alone.
SELECT t.software, t.cves, t.worst,
       (SELECT count(*) FROM edge e JOIN acknowledged_edge k ON k.edge_id = e.edge_id
        WHERE e.to_id = t.vertex_id) AS machines
FROM (SELECT v.vertex_id, v.key AS software, count(*) AS cves, max(coalesce(b.CvssScore, r.CvssScore)) AS worst
      FROM vertex v
      CROSS JOIN edge e ON e.from_id = v.vertex_id AND e.collection = 'application_vulnerability'
      CROSS JOIN acknowledged_edge k ON k.edge_id = e.edge_id
      CROSS JOIN vertex c ON c.vertex_id = e.to_id
      LEFT JOIN VulnerabilityKb b ON b.CveId = c.key
      LEFT JOIN RowScore r ON r.CveId = c.key
      WHERE v.collection = 'application'
      GROUP BY v.vertex_id ORDER BY cves DESC, worst DESC, software LIMIT 50) t
ORDER BY t.cves DESC, t.worst DESC, t.software;

CREATE VIEW audit_open_alert AS
-- Open alerts by severity, and how old they are by Defender's clock in the last run: from their first event, or their
-- creation where that is not known.
SELECT severity, count(*) AS alerts, sum(in_car) AS in_car,
       sum(age < 1) AS day, sum(age >= 1 AND age < 7) AS week, sum(age >= 7 AND age < 30) AS month, sum(age >= 30) AS older,
       sum(age IS NULL) AS no_time
FROM (SELECT coalesce(a.severity, '') AS severity,
             (SELECT julianday(max(clock_at)) FROM run) - julianday(coalesce(a.firstEventTime, a.alertCreationTime)) AS age,
             EXISTS (SELECT 1 FROM vertex v JOIN acknowledged_vertex k ON k.vertex_id = v.vertex_id
                     WHERE v.collection = 'alert' AND v.key = a.id) AS in_car
      FROM Alerts a WHERE a.status IS NOT 'Resolved')
GROUP BY severity;

CREATE VIEW audit_alert_machine AS
-- Machines with open alerts, and how many of them are High.
SELECT a.machineId AS machine, m.computerDnsName AS name, count(*) AS alerts, sum(a.severity = 'High') AS high,
       max(a.lastUpdateTime) AS last_update
FROM Alerts a LEFT JOIN MachineInfo m ON m.id = a.machineId
WHERE a.status IS NOT 'Resolved' AND a.machineId IS NOT NULL
GROUP BY a.machineId;

CREATE VIEW audit_fleet_risk AS
-- Machines that CAR shall hold, by Defender's risk score and by the value that people gave them there.
SELECT coalesce(m.riskScore, 'not known') AS risk, coalesce(m.deviceValue, 'not known') AS value, count(*) AS machines
FROM asset a JOIN vertex v ON v.vertex_id = a.vertex_id JOIN MachineInfo m ON m.id = v.key
GROUP BY 1, 2;
