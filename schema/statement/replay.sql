-- The bookkeeping of a replay.
-- statement: begin
INSERT INTO run (run_id, mode, reason, started_at, clock_at, snapshot)
VALUES (:run_id, :mode, :reason, :started_at, :clock_at, :snapshot)
-- A replay, or the run that this is a copy of, was cut off before it had derived.
ON CONFLICT DO UPDATE SET mode = excluded.mode, reason = excluded.reason, started_at = excluded.started_at,
  clock_at = excluded.clock_at, finished_at = NULL, outcome = NULL, failure = NULL, error = NULL, snapshot = excluded.snapshot
-- statement: finish
UPDATE run SET finished_at = :finished_at, outcome = 'done' WHERE run_id = :run_id
