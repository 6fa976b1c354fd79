-- How `copy` copies, and what it asks of the copy.
-- statement: state
-- (A connection that may only read the state may not VACUUM it into another file.)
VACUUM state INTO :file
-- statement: last_run
SELECT coalesce(max(run_id), 0) FROM run
