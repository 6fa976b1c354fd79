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
-- statement: forget_old_alerts
-- Resolved alerts stay for the audit's sake for 30 days.
DELETE FROM Alerts WHERE status = 'Resolved'
  AND lastUpdateTime < strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-30 days')
