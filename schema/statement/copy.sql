-- What `copy` asks of the copy that it made.
-- statement: last_run
SELECT coalesce(max(run_id), 0) FROM run
