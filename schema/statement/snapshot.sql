-- What a snapshot file or a copy of a state says of itself, opened by itself (not as `stage`).
-- statement: application_id
PRAGMA application_id
-- statement: schema
SELECT coalesce(group_concat(line, char(10)), '') FROM (
  SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_schema ORDER BY line)
-- statement: stage_schema
SELECT coalesce(group_concat(line, char(10)), '') FROM (
  SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM stage.sqlite_schema ORDER BY line)
-- statement: stage_version
PRAGMA stage.user_version
-- statement: kept_journal
-- A new file that nobody knows yet needs no journal on the disk.
PRAGMA kept.journal_mode = MEMORY
-- statement: run
SELECT run_id, mode, reason, now, tenant, source, identity_model, network_source, report, session, derivation, builds_on,
       coalesce(digest, ''), program
FROM run WHERE mode IN ('full', 'incremental') AND identity_model IN ('user', 'account')
  AND network_source IN ('hunting', 'machines')
-- statement: state
-- Of a checkpoint: the run that it stands at.
SELECT coalesce(max(run_id), 0), max(clock_at),
       (SELECT value FROM setting WHERE name = 'tenant'), (SELECT value FROM setting WHERE name = 'source'),
       (SELECT value FROM setting WHERE name = 'derivation'), (SELECT value FROM setting WHERE name = 'digest')
FROM run WHERE digest IS NOT NULL
-- statement: copy_state
-- A checkpoint: replay can begin there.
VACUUM INTO :file
-- statement: last_derived_run
SELECT coalesce(max(run_id), 0) FROM run WHERE digest IS NOT NULL
-- statement: last_unkept_run
-- Whose derivation is in the state and whose snapshot was not kept, when it is the last one.
SELECT coalesce(max(run_id), 0) FROM run
WHERE digest IS NOT NULL AND snapshot IS NULL
  AND run_id = (SELECT max(run_id) FROM run WHERE digest IS NOT NULL)
-- statement: kept_as
UPDATE run SET snapshot = :snapshot WHERE run_id = :run_id AND snapshot IS NULL
-- statement: prune_runs
-- The last day's runs stay whatever the limit: guards and the count of foreign save points look back that far.
DELETE FROM run
WHERE run_id <= (SELECT max(run_id) FROM run) - :keep
  AND started_at < strftime('%Y-%m-%dT%H:%M:%fZ', :now, '-2 days')
  AND run_id NOT IN (SELECT run_id FROM outbox) AND run_id NOT IN (SELECT run_id FROM batch)
-- statement: prune_ledger
DELETE FROM ledger WHERE run_id < (SELECT min(run_id) FROM run)
-- statement: prune_rejected
DELETE FROM rejected WHERE last_run < (SELECT min(run_id) FROM run)
