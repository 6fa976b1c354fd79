-- What `report` reads: the views of audit/30_report.sql. The first column of a list is how many rows it has without its
-- limit.
-- statement: last_run
SELECT coalesce(max(run_id), 0) FROM run
-- statement: machines
SELECT count(*) FROM MachineInfo
-- statement: runs
SELECT (SELECT count(*) FROM run), run_id, mode, outcome, started_at, finished_at, seconds, imported, updated, disabled,
       deleted, fell_away
FROM audit_run_sent WHERE run_id > :after ORDER BY run_id DESC LIMIT :limit
-- statement: days
SELECT count(*) OVER (), day, runs, done, partial, held, failed + killed AS failed, imported, updated, removed, longest_seconds
FROM audit_day ORDER BY day LIMIT :limit
-- statement: removals
SELECT count(*) OVER (), operation, collection, reason, records, last_at
FROM audit_removal ORDER BY operation, records DESC, collection, reason LIMIT :limit
-- statement: deleted
SELECT (SELECT count(*) FROM audit_deleted WHERE run_id >= (SELECT min(run_id) FROM audit_recent_run)),
       d.machine, m.computerDnsName AS name, d.at, d.run_id, d.reason, d.evidence
FROM audit_deleted d LEFT JOIN MachineInfo m ON m.id = d.machine
WHERE d.run_id >= (SELECT min(run_id) FROM audit_recent_run)
ORDER BY d.run_id DESC, d.machine LIMIT :limit
-- statement: failures
SELECT count(*) OVER (), outcome AS what, failure AS kind, runs, first_at, last_at, last_run, error AS text
FROM audit_failure ORDER BY last_run DESC LIMIT :limit
-- statement: incomplete
SELECT count(*) OVER (), name AS what, state AS kind, runs, first_at, last_at, last_run, problem AS text
FROM audit_incomplete ORDER BY last_run DESC, name LIMIT :limit
-- statement: held_back
SELECT count(*) OVER (), reason, aspect, count(*) AS machines, max(since_run) AS run_id
FROM audit_held_back GROUP BY reason, aspect ORDER BY 4 DESC, reason, aspect LIMIT :limit
-- statement: platforms
SELECT count(*) OVER (), platform AS name, sum(machines) AS machines,
       coalesce(sum(machines) FILTER (WHERE health = 'Active'), 0) AS active,
       coalesce(sum(machines) FILTER (WHERE health IN ('ImpairedCommunication', 'NoSensorData',
                                                       'NoSensorDataImpairedCommunication')), 0) AS impaired,
       coalesce(sum(machines) FILTER (WHERE health = 'Inactive'), 0) AS inactive, sum(in_car) AS in_car
FROM audit_fleet GROUP BY platform ORDER BY 3 DESC, platform LIMIT :limit
-- statement: health
SELECT count(*) OVER (), health AS name, sum(machines) AS machines, sum(in_car) AS in_car
FROM audit_fleet GROUP BY health ORDER BY 3 DESC, health LIMIT :limit
-- statement: leaving_days
SELECT count(*) OVER (), days_left, machines FROM audit_leaving_day ORDER BY days_left LIMIT :limit
-- statement: leaving
SELECT count(*) OVER (), machine, name, lastSeen AS last_seen, leaves_at, days_left
FROM audit_soon_inactive_15 ORDER BY lastSeen, machine LIMIT :limit
-- statement: set_aside
SELECT count(*) OVER (), dataset, reason, records, standing, first_run, last_run
FROM audit_set_aside_reason ORDER BY standing DESC, records DESC, dataset, reason LIMIT :limit
-- statement: severities
SELECT count(*) OVER (), severity AS name, cves, findings
FROM audit_vulnerability_severity ORDER BY severity = 'not scored', worst DESC LIMIT :limit
-- statement: software
SELECT count(*) OVER (), software AS name, cves, worst, machines FROM audit_top_software LIMIT :limit
-- statement: open_alerts
SELECT count(*) OVER (), CASE severity WHEN '' THEN 'not known' ELSE severity END AS name, alerts, in_car, day, week, month, older
FROM audit_open_alert
ORDER BY CASE severity WHEN 'High' THEN 1 WHEN 'Medium' THEN 2 WHEN 'Low' THEN 3 WHEN 'Informational' THEN 4 ELSE 5 END, severity
LIMIT :limit
-- statement: alert_machines
SELECT count(*) OVER (), machine, coalesce(name, '') AS name, alerts, high, last_update
FROM audit_alert_machine ORDER BY high DESC, alerts DESC, machine LIMIT :limit
-- statement: risks
SELECT count(*) OVER (), risk, value, machines FROM audit_fleet_risk
ORDER BY CASE risk WHEN 'High' THEN 1 WHEN 'Medium' THEN 2 WHEN 'Low' THEN 3 WHEN 'Informational' THEN 4 WHEN 'None' THEN 5 ELSE 6 END,
         CASE value WHEN 'High' THEN 1 WHEN 'Normal' THEN 2 WHEN 'Low' THEN 3 ELSE 4 END, risk, value
LIMIT :limit
