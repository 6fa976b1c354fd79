-- The bookkeeping of runs and settings.
-- statement: setting
SELECT value FROM setting WHERE name = :name
-- statement: set
INSERT INTO setting VALUES (:name, :value) ON CONFLICT DO UPDATE SET value = excluded.value
-- statement: unset
DELETE FROM setting WHERE name = :name
-- statement: body_fields
SELECT car_field FROM body_field ORDER BY car_field
-- statement: begin
INSERT INTO run (run_id, started_at, outcome)
VALUES ((SELECT coalesce(max(run_id), 0) + 1 FROM run), :started_at, NULL) RETURNING run_id
-- statement: mode
UPDATE run SET mode = :mode, reason = :reason WHERE run_id = :run_id
-- statement: clock
UPDATE run SET clock_at = :clock_at, started_at = :started_at WHERE run_id = :run_id
-- statement: started_at
UPDATE run SET started_at = :started_at WHERE run_id = :run_id
-- statement: last_clock
-- The last believed time: where no clock is, a run writes down that of the run before it once more.
SELECT CAST(round((julianday(clock_at) - 2440587.5) * 86400000) AS INTEGER)
FROM run WHERE clock_at IS NOT NULL ORDER BY run_id DESC LIMIT 1
-- statement: last_report
-- The newest report that may stand in CAR.
SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM setting
WHERE name IN ('last_report', 'model_state_id', 'previous_model_state_id')
-- statement: permission
UPDATE run SET permission = :permission, deletes_allowed = :deletes_allowed, permitted_by = :permitted_by WHERE run_id = :run_id
-- statement: finish
UPDATE run SET finished_at = :finished_at, outcome = :outcome, failure = :failure, error = :error,
  defender_calls = :defender_calls, car_calls = :car_calls, snapshot = :snapshot
WHERE run_id = :run_id
-- statement: dataset
INSERT INTO run_dataset VALUES (:run_id, :name, :state, :records, :problem)
ON CONFLICT DO UPDATE SET state = excluded.state, records = excluded.records, problem = excluded.problem
-- statement: sent
SELECT operation, collection, reason, sum(records) FROM ledger WHERE run_id = :run_id AND records > 0
GROUP BY operation, collection, reason
ORDER BY operation, collection, reason
-- statement: set_aside
-- Records that a run could not use, each counted once, and what CAR refused in it. (`rejected` has one row for all records
-- of one key that were set aside for one reason; runs of older programs have no other count.)
SELECT coalesce(r.set_aside + (SELECT count(*) FROM rejected WHERE last_run = r.run_id AND dataset = 'CAR'),
                (SELECT count(*) FROM rejected WHERE last_run = r.run_id))
FROM run r WHERE r.run_id = :run_id
-- statement: same_failure
-- How often in a row, and since when, runs have ended with this very failure; any other end breaks the row.
SELECT count(*), min(started_at) FROM run
WHERE run_id > coalesce((SELECT max(run_id) FROM run WHERE finished_at IS NOT NULL AND failure IS NOT :failure), 0)
  AND finished_at IS NOT NULL
-- statement: foreign_save_points
SELECT count(*) FROM run WHERE instr(reason, :reason) AND started_at > strftime('%Y-%m-%dT%H:%M:%fZ', :now, '-1 day')
