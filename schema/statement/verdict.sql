-- How the sync stands, for `status` and `report`.
-- statement: rhythm
SELECT usual_gap_seconds, next_expected_at FROM audit_rhythm
-- statement: seconds
-- From one time to another; NULL where one of them is none.
SELECT CAST(round(86400 * (julianday(:until) - julianday(:since))) AS INTEGER)
-- statement: last_finished
SELECT run_id, mode, outcome, started_at, finished_at, error
FROM run WHERE finished_at IS NOT NULL ORDER BY run_id DESC LIMIT 1
-- statement: withheld
SELECT count(DISTINCT machine) FROM due
-- statement: consecutive_failures
SELECT count(*) FROM run
WHERE finished_at IS NOT NULL AND outcome IS NOT 'done'
  AND run_id > coalesce((SELECT max(run_id) FROM run WHERE outcome = 'done'), 0)
