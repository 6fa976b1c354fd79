-- Plans: made on a copy of the state, kept in a file, compared with what a run comes to.
-- statement: let_copy
-- VACUUM INTO writes, though not here.
PRAGMA query_only = OFF
-- statement: wait_for_no_disk
-- A copy that is thrown away.
PRAGMA synchronous = OFF
-- statement: last_run
SELECT coalesce(max(run_id), 0) FROM run
-- statement: keep_fetched
VACUUM stage INTO :file
-- statement: as_last_known
-- Added to the outbox by deliver/report_as_known.
INSERT INTO temp.planned
SELECT o.item_id, o.operation, o.collection, v.collection, v.key, NULL, NULL, o.reason, o.evidence, o.body, NULL,
       CASE v.collection WHEN 'asset' THEN v.key END, o.object_id
FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.object_id
WHERE o.operation = 'vertex' AND o.reason = 'as last known'
-- statement: unreported
-- CAR holds them, they shall stay, and they cannot be reported: then the session is not ended.
SELECT count(*) FROM acknowledged_edge k
WHERE EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = k.edge_id)
  AND k.edge_id NOT IN (SELECT object_id FROM temp.planned WHERE operation = 'edge')
-- statement: by_machine
CREATE INDEX temp.planned_by_machine ON planned (machine)
-- statement: counts
SELECT operation, collection, reason, count(*) FROM temp.planned
GROUP BY operation, collection, reason
ORDER BY CASE operation WHEN 'vertex' THEN 1 WHEN 'edge' THEN 2 WHEN 'touch' THEN 3 WHEN 'disable' THEN 4 WHEN 'delete' THEN 5
         ELSE 6 END, collection, reason
-- statement: count_with_car
SELECT count(*) FROM temp.planned p
WHERE p.operation <> 'drop'
  AND EXISTS (SELECT 1 FROM temp.with_car w WHERE w.is_edge = (p.to_key IS NOT NULL) AND w.object_id = p.object_id)
-- statement: count_machines
SELECT count(*) FROM (SELECT DISTINCT machine FROM temp.planned)
-- statement: machines
-- Those that lose something first. What belongs to no machine is the row without one.
SELECT p.machine, coalesce(m.computerDnsName, ''), sum(p.operation IN ('disable', 'delete', 'drop')) AS removals
FROM temp.planned p LEFT JOIN MachineInfo m ON m.id = p.machine
GROUP BY p.machine
ORDER BY removals = 0, p.machine IS NULL, p.machine LIMIT :limit
-- statement: imports_of
SELECT operation, collection, '', count(*) FROM temp.planned
WHERE machine IS :machine AND operation IN ('vertex', 'edge', 'touch') GROUP BY operation, collection
ORDER BY operation <> 'vertex', operation, collection
-- statement: removals_of
SELECT operation, collection, from_key || coalesce(' -> ' || to_key, ''), reason, coalesce(evidence, '')
FROM temp.planned
WHERE machine IS :machine AND operation IN ('disable', 'delete', 'drop')
ORDER BY operation <> 'delete', to_key IS NOT NULL, position LIMIT :limit
-- statement: operations
SELECT p.operation, p.collection, p.from_key || coalesce(' -> ' || p.to_key, ''), coalesce(p.machine, ''),
       coalesce(m.computerDnsName, ''), p.reason, coalesce(p.evidence, ''),
       p.operation <> 'drop' AND EXISTS (
         SELECT 1 FROM temp.with_car w WHERE w.is_edge = (p.to_key IS NOT NULL) AND w.object_id = p.object_id)
FROM temp.planned p LEFT JOIN MachineInfo m ON m.id = p.machine
ORDER BY p.machine IS NULL, p.machine, p.position
-- statement: write
INSERT INTO stage.plan VALUES (:made_at, :asked_mode, :allow_once, :command, :permissions, :deletes_allowed, :held_back,
  :fetched_session, :session, :failure, :error, '')
-- statement: words
-- What of a plan a run would repeat. Also of a file opened by itself.
SELECT json_array(command, permissions, failure, error, (SELECT json_group_array(text) FROM (
         SELECT text FROM plan_warning ORDER BY position)))
FROM plan
-- statement: write_seal
UPDATE stage.plan SET seal = :seal
-- statement: seal
SELECT seal FROM plan
-- statement: write_warning
INSERT INTO stage.plan_warning (text) VALUES (:text)
-- statement: write_allowed
INSERT INTO stage.plan_allowed VALUES (:machine)
-- statement: write_standing
INSERT INTO stage.plan_standing SELECT name, value FROM temp.stands_on
-- statement: write_planned
INSERT INTO stage.planned
SELECT position, operation, collection, from_collection, from_key, to_collection, to_key, reason, evidence, body,
       last_modified, machine
FROM temp.planned
-- statement: about
-- Of a plan file opened by itself.
SELECT r.tenant, r.source, p.asked_mode, p.allow_once, p.command
FROM run r JOIN plan p
WHERE p.asked_mode IN ('auto', 'full', 'incremental') AND r.mode IN ('full', 'incremental')
-- statement: moved
-- What the plan stood on and no longer stands as it did.
SELECT coalesce(t.name, s.name), coalesce(t.value, 'none'), coalesce(s.value, 'none')
FROM stage.plan_standing t FULL JOIN standing s ON s.name = t.name
WHERE t.value IS NOT s.value
ORDER BY coalesce(t.name, s.name) <> 'last run', 1
-- statement: run
SELECT mode, reason, identity_model, network_source, now, clock_agreed FROM stage.run
-- statement: fetched
SELECT permissions, deletes_allowed, held_back, fetched_session, session, coalesce(failure, ''), coalesce(error, '')
FROM stage.plan
-- statement: warnings
SELECT text FROM stage.plan_warning ORDER BY position
-- statement: allowed
SELECT machine FROM stage.plan_allowed
-- statement: take_up
UPDATE stage.run SET run_id = :run_id, report = :report
-- statement: differing
-- Operations of one side only; what follows from them at the end of a full import is no part of it.
SELECT side, operation || ' ' || collection || ' ' || from_key || coalesce(' -> ' || to_key, '') || ' (' || reason || ')'
FROM (
  SELECT 1 AS side, * FROM (
    SELECT operation, collection, from_collection, from_key, to_collection, to_key, reason, evidence, body, last_modified
    FROM stage.planned WHERE operation <> 'drop' AND NOT (operation = 'vertex' AND reason = 'as last known')
    EXCEPT
    SELECT operation, collection, from_collection, from_key, to_collection, to_key, reason, evidence, body, last_modified
    FROM temp.planned)
  UNION ALL
  SELECT 2, * FROM (
    SELECT operation, collection, from_collection, from_key, to_collection, to_key, reason, evidence, body, last_modified
    FROM temp.planned
    EXCEPT
    SELECT operation, collection, from_collection, from_key, to_collection, to_key, reason, evidence, body, last_modified
    FROM stage.planned WHERE operation <> 'drop' AND NOT (operation = 'vertex' AND reason = 'as last known')))
ORDER BY side, 2
-- statement: compact
-- The list is gone from it: a snapshot need not carry its room.
VACUUM stage
