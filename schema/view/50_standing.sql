-- What a plan stands on: whatever a run, or somebody else, writes into the state moves one of these. (chain_broken speaks
-- of the snapshots alone.)
CREATE VIEW standing (name, value) AS
SELECT 'last run', run_id || ' of ' || started_at || ', ' || coalesce(outcome, 'not finished')
FROM run WHERE run_id = (SELECT max(run_id) FROM run)
UNION ALL SELECT 'setting ' || name, value FROM setting WHERE name <> 'chain_broken'
UNION ALL SELECT 'cursor of ' || name, at || ' by run ' || run_id FROM cursor
UNION ALL SELECT 'operations that CAR has not answered for', CAST(count(*) AS TEXT) FROM outbox
UNION ALL SELECT 'requests that CAR has not answered', CAST(count(*) AS TEXT) FROM batch
UNION ALL SELECT 'vertices in CAR', CAST(count(*) AS TEXT) FROM acknowledged_vertex
UNION ALL SELECT 'edges in CAR', CAST(count(*) AS TEXT) FROM acknowledged_edge;
