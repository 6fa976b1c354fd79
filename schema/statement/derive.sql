-- What derive asks between its scripts.
-- statement: open_alerts
SELECT count(*) FROM Alerts WHERE status IS NOT 'Resolved'
-- statement: forget_held_cursors
-- Held back means: the next run sees it anew.
DELETE FROM cursor WHERE name IN (SELECT name FROM stage.dataset WHERE state = 'held' AND whole)
-- statement: forget_old_alerts
-- Resolved alerts stay for the audit's sake for 30 days.
DELETE FROM Alerts WHERE status = 'Resolved'
  AND lastUpdateTime < strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-30 days')
