-- What derive asks between its scripts.
-- statement: open_alerts
SELECT count(*) FROM Alerts WHERE status IS NOT 'Resolved'
-- statement: forget_held_cursors
-- Held back means: the next run sees it anew. So does what a whole reading lacked while nothing was removed by age.
DELETE FROM cursor WHERE name IN (
  SELECT name FROM stage.dataset WHERE state = 'held' AND whole
  UNION ALL
  SELECT CASE d.name WHEN 'vulnerabilities' THEN 'vulnerabilities_whole' ELSE d.name END
  FROM stage.run r CROSS JOIN stage.dataset d
  WHERE NOT r.clock_agreed AND d.whole AND d.name IN ('network', 'vulnerabilities'))
-- statement: set_alerts_api
-- Only with what it read: where that is not complete or withheld, the next run goes over once more.
INSERT INTO setting
SELECT 'alerts_api', :way FROM stage.dataset WHERE name = 'alerts' AND state = 'complete' AND not_understood = 0
ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value
-- statement: forget_old_alerts
-- Resolved alerts stay for the audit's sake for 30 days.
DELETE FROM Alerts WHERE status = 'Resolved'
  AND lastUpdateTime < strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-30 days')
-- statement: left_out
-- What was left out of what this run read or looked at anew (all of it: view audit_left_out).
SELECT 'values that say nothing', count(*) FROM stage.left_out
UNION ALL
SELECT 'accounts that are nobody''s', count(*)
FROM temp.staged_user s CROSS JOIN logon_user u
  ON (u.machineId, u.accountName, u.accountDomain) = (s.machineId, s.accountName, s.accountDomain)
WHERE u.nobody IS NOT NULL
UNION ALL
SELECT 'adapters that are down', count(*)
FROM temp.work w CROSS JOIN newest_adapter a ON a.DeviceId = w.machine
WHERE w.aspect = 'network' AND w.is_asset AND a.down AND (SELECT value FROM setting WHERE name = 'network_source') = 'hunting'
UNION ALL
SELECT 'addresses of adapters that are down', count(*)
FROM temp.work w CROSS JOIN listed_address l ON l.DeviceId = w.machine
WHERE w.aspect = 'network' AND w.is_asset AND l.down AND (SELECT value FROM setting WHERE name = 'network_source') = 'machines'
UNION ALL
SELECT 'CVEs without a score', count(DISTINCT s.CveId)
FROM temp.installed i CROSS JOIN software s ON s.software_id = i.software_id
WHERE i.cve IS NULL AND s.CveId <> ''
