-- The bookkeeping of a replay.
-- statement: begin
INSERT INTO run (run_id, mode, reason, started_at, clock_at, snapshot)
VALUES (:run_id, :mode, :reason, :started_at, :clock_at, :snapshot)
-- statement: finish
UPDATE run SET finished_at = :finished_at, outcome = 'done' WHERE run_id = :run_id
