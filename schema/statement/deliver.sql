-- outbox → CAR → acknowledged.
-- statement: next_range
-- The next items of one operation that belong together (collection and reason), 2,000 at most: CAR's own limit. What belongs
-- together stands together, so where the 2,000th still does, nobody reads those between.
WITH first AS (
  SELECT item_id, collection, reason FROM outbox WHERE operation = :operation AND item_id > :after ORDER BY item_id LIMIT 1)
SELECT f.item_id,
       coalesce(
         (SELECT o.item_id FROM outbox o
          WHERE o.item_id = (SELECT max(item_id) FROM outbox WHERE item_id < f.item_id + :size)
            AND (o.operation, o.collection, o.reason) = (:operation, f.collection, f.reason)),
         (SELECT max(n.item_id)
          FROM (SELECT item_id, collection, reason FROM outbox WHERE operation = :operation AND item_id > :after
                ORDER BY item_id LIMIT :size) n
          WHERE n.collection = f.collection AND n.reason = f.reason))
FROM first f
-- statement: count
SELECT count(*) FROM outbox WHERE operation = :operation
-- statement: begin_batch
INSERT INTO batch (run_id, operation, first_item, last_item, sent_at)
SELECT run_id, operation, :first, :last, :at FROM outbox WHERE item_id = :first RETURNING batch_id
-- statement: batch_job
UPDATE batch SET job_id = :job WHERE batch_id = :batch
-- statement: end_batch
DELETE FROM batch WHERE batch_id = :batch
-- statement: vertices
SELECT collection, body FROM vertex_to_send WHERE item_id BETWEEN :first AND :last ORDER BY item_id
-- statement: kinds
-- How an edge names its ends. The user model names its users by key, the account model by external id (docs/services/car.md).
SELECT c.name, c.car_name, c.by_external_id AND NOT (c.name = 'user' AND m.value = 'user')
FROM setting m CROSS JOIN collection c WHERE m.name = 'identity_model'
-- statement: edges
SELECT e.collection, e.from_key, e.to_key, e.from_collection, e.to_collection
FROM outbox o CROSS JOIN edge_name e ON e.edge_id = o.object_id
WHERE o.item_id BETWEEN :first AND :last
ORDER BY o.item_id
-- statement: patches
SELECT o.item_id, e.collection, e.from_key, e.to_key, e.from_collection = 'ipaddress', e.to_collection = 'ipaddress',
       o.last_modified
FROM outbox o CROSS JOIN edge_name e ON e.edge_id = o.object_id
WHERE o.item_id BETWEEN :first AND :last
ORDER BY o.item_id
-- statement: deletes
SELECT v.key FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.object_id
WHERE o.item_id BETWEEN :first AND :last
ORDER BY o.item_id
-- statement: acknowledge_vertices
INSERT INTO acknowledged_vertex
SELECT object_id, body, :at, run_id, run_id FROM outbox WHERE item_id BETWEEN :first AND :last
ON CONFLICT DO UPDATE SET body = excluded.body, confirmed_run = excluded.confirmed_run
-- statement: forget_possible_fields
-- CAR has been told what holds now. (Nearly always the table is empty: then nothing of the outbox is read.)
DELETE FROM possible_field
WHERE vertex_id IN (SELECT o.object_id FROM (SELECT 1 FROM possible_field LIMIT 1) CROSS JOIN outbox o
                    WHERE o.item_id BETWEEN :first AND :last)
  AND CASE field WHEN 'tag' THEN 'untag' ELSE field END IN (SELECT field FROM named_field)
-- statement: forget_fields_of_gone
-- What comes back after it was gone from CAR starts empty.
DELETE FROM possible_field WHERE vertex_id NOT IN (SELECT vertex_id FROM acknowledged_vertex)
-- statement: acknowledge_edges
INSERT INTO acknowledged_edge
SELECT object_id, last_modified, :at, run_id, run_id FROM outbox WHERE item_id BETWEEN :first AND :last
ON CONFLICT DO UPDATE SET last_modified = excluded.last_modified, confirmed_run = excluded.confirmed_run
-- statement: log_import
INSERT INTO ledger (run_id, at, operation, collection, reason, records, answer)
SELECT run_id, :at, operation, collection, reason, count(*), :answer FROM outbox WHERE item_id BETWEEN :first AND :last
-- statement: log_patch
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, answer, object_id, since, since_run)
SELECT o.run_id, :at, o.operation, o.collection, o.reason, 1, e.from_key || ' -> ' || e.to_key, o.evidence, :answer,
       o.object_id, k.since, k.since_run
FROM outbox o
CROSS JOIN edge_name e ON e.edge_id = o.object_id
LEFT JOIN acknowledged_edge k ON k.edge_id = o.object_id
WHERE o.item_id = :item
-- statement: acknowledge_disable
DELETE FROM acknowledged_edge WHERE edge_id = (SELECT object_id FROM outbox WHERE item_id = :item)
-- statement: acknowledge_touch
UPDATE acknowledged_edge SET last_modified = (SELECT last_modified FROM outbox WHERE item_id = :item)
WHERE edge_id = (SELECT object_id FROM outbox WHERE item_id = :item)
-- statement: import_again
-- CAR does not know an edge that we hold for desired: it is imported again.
INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence, last_modified)
SELECT run_id, 'edge', collection, object_id, 'CAR had lost it', evidence, last_modified FROM outbox WHERE item_id = :item
-- statement: log_deletes
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, answer, object_id, since, since_run)
SELECT o.run_id, :at, 'delete', 'asset', o.reason, 1, v.key, o.evidence, :answer, v.vertex_id, k.since, k.since_run
FROM outbox o
CROSS JOIN vertex v ON v.vertex_id = o.object_id
LEFT JOIN acknowledged_vertex k ON k.vertex_id = v.vertex_id
WHERE o.item_id BETWEEN :first AND :last
-- statement: log_deleted_edges
-- An asset's own edges go with it. They are named, so that each can be explained; records 0: no operation of their own.
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, answer, object_id, since, since_run)
SELECT o.run_id, :at, 'delete', n.collection, o.reason, 0, n.from_key || ' -> ' || n.to_key,
       'machine ' || n.from_key || coalesce(': ' || o.evidence, ''), :answer, k.edge_id, k.since, k.since_run
FROM outbox o
CROSS JOIN edge e ON e.from_id = o.object_id
CROSS JOIN acknowledged_edge k ON k.edge_id = e.edge_id
CROSS JOIN edge_name n ON n.edge_id = e.edge_id
WHERE o.item_id BETWEEN :first AND :last
-- statement: acknowledge_deleted_edges
DELETE FROM acknowledged_edge WHERE edge_id IN (
  SELECT e.edge_id FROM outbox o CROSS JOIN edge e ON e.from_id = o.object_id WHERE o.item_id BETWEEN :first AND :last)
-- statement: acknowledge_deletes_of
DELETE FROM acknowledged_vertex
WHERE vertex_id IN (SELECT object_id FROM outbox WHERE item_id BETWEEN :first AND :last)
-- statement: done
DELETE FROM outbox WHERE item_id BETWEEN :first AND :last
-- statement: refuse_vertex
INSERT OR REPLACE INTO refused_vertex SELECT object_id, body, :reason, run_id, :now FROM outbox WHERE item_id = :item
-- statement: refuse_edge
INSERT OR REPLACE INTO refused_edge SELECT object_id, :reason, run_id, :now FROM outbox WHERE item_id = :item
-- statement: is_newly_refused
-- What comes again after a day tells nothing new.
SELECT CASE o.operation WHEN 'vertex' THEN o.object_id NOT IN (SELECT vertex_id FROM refused_vertex)
                        WHEN 'edge' THEN o.object_id NOT IN (SELECT edge_id FROM refused_edge)
                        ELSE NOT EXISTS (SELECT 1 FROM refused_change c
                                         WHERE c.operation = o.operation AND c.object_id = o.object_id) END
FROM outbox o WHERE o.item_id = :item
-- statement: accept_vertices
-- (Nearly always nothing is refused: then these four read nothing of the outbox.)
DELETE FROM refused_vertex
WHERE (vertex_id, body) IN (SELECT o.object_id, o.body FROM (SELECT 1 FROM refused_vertex LIMIT 1) CROSS JOIN outbox o
                            WHERE o.item_id BETWEEN :first AND :last)
-- statement: accept_edges
DELETE FROM refused_edge
WHERE edge_id IN (SELECT o.object_id FROM (SELECT 1 FROM refused_edge LIMIT 1) CROSS JOIN outbox o
                  WHERE o.item_id BETWEEN :first AND :last)
-- statement: accept_edge_changes
-- CAR holds the edge as Defender says: there is nothing left to change.
DELETE FROM refused_change
WHERE operation IN ('disable', 'touch')
  AND object_id IN (SELECT o.object_id FROM (SELECT 1 FROM refused_change LIMIT 1) CROSS JOIN outbox o
                    WHERE o.item_id BETWEEN :first AND :last)
-- statement: accept_changes
DELETE FROM refused_change
WHERE (operation, object_id) IN (SELECT o.operation, o.object_id
                                 FROM (SELECT 1 FROM refused_change LIMIT 1) CROSS JOIN outbox o
                                 WHERE o.item_id BETWEEN :first AND :last)
-- statement: refuse_change
INSERT OR REPLACE INTO refused_change
SELECT operation, object_id, collection, reason, evidence, last_modified, machine_id, aspect, :answer, run_id, :now
FROM outbox WHERE item_id = :item
-- statement: log_refused_change
-- records 0: nothing was done.
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, answer)
SELECT run_id, :at, 'refused', collection, operation || ': ' || reason, 0, object, evidence, :answer
FROM audit_outbox WHERE item_id = :item
-- statement: reject_change
INSERT INTO rejected
SELECT 'CAR', operation || ' ' || collection || ' ' || object, :answer, NULL, run_id, run_id
FROM audit_outbox WHERE item_id = :item
ON CONFLICT DO UPDATE SET last_run = excluded.last_run
-- statement: change_in_words
SELECT operation || ' ' || collection || ' ' || object || ' (' || reason || ')' FROM audit_outbox WHERE item_id = :item
-- statement: reject_vertex
INSERT INTO rejected
SELECT 'CAR', v.collection || ' ' || v.key, :reason, substr(o.body, 1, 2000), o.run_id, o.run_id
FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.object_id WHERE o.item_id = :item
ON CONFLICT DO UPDATE SET last_run = excluded.last_run, record = excluded.record
-- statement: reject_edge
INSERT INTO rejected
SELECT 'CAR', e.collection || ' ' || e.from_key || ' -> ' || e.to_key, :reason, NULL, o.run_id, o.run_id
FROM outbox o CROSS JOIN edge_name e ON e.edge_id = o.object_id WHERE o.item_id = :item
ON CONFLICT DO UPDATE SET last_run = excluded.last_run
-- statement: drop_waiting_edges
-- The edges of a vertex set aside wait with it; diff brings them again when it looks different.
DELETE FROM outbox WHERE operation = 'edge' AND object_id IN (
  SELECT e.edge_id FROM refused_vertex r CROSS JOIN edge e ON e.to_id = r.vertex_id
  WHERE r.vertex_id NOT IN (SELECT vertex_id FROM acknowledged_vertex)
  UNION ALL
  SELECT e.edge_id FROM refused_vertex r CROSS JOIN edge e ON e.from_id = r.vertex_id
  WHERE r.vertex_id NOT IN (SELECT vertex_id FROM acknowledged_vertex))
-- statement: report_as_known
-- CAR refuses what a vertex looks like now and holds an older body of it: unreported it would fall away at the session's end.
INSERT INTO outbox (run_id, operation, collection, object_id, reason, body)
SELECT :run_id, 'vertex', n.car_name, v.vertex_id, 'as last known', k.body
FROM refused_vertex r
CROSS JOIN acknowledged_vertex k ON k.vertex_id = r.vertex_id
CROSS JOIN vertex v ON v.vertex_id = r.vertex_id
CROSS JOIN collection n ON n.name = v.collection
WHERE k.confirmed_run <> :run_id
  AND r.vertex_id NOT IN (SELECT object_id FROM outbox WHERE operation = 'vertex')
  AND (EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = v.vertex_id)
       OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim m ON m.edge_id = e.edge_id WHERE e.to_id = v.vertex_id)
       OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim m ON m.edge_id = e.edge_id WHERE e.from_id = v.vertex_id))
ORDER BY n.car_name, v.vertex_id
-- statement: wanted_unreported
-- What CAR holds and shall hold, and was not reported: a session's end would take it.
SELECT (SELECT count(*) FROM acknowledged_edge k
        WHERE k.confirmed_run <> :run_id AND EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = k.edge_id))
     + (SELECT count(*) FROM refused_vertex r CROSS JOIN acknowledged_vertex k ON k.vertex_id = r.vertex_id
        WHERE k.confirmed_run <> :run_id
          AND (EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = r.vertex_id)
               OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim m ON m.edge_id = e.edge_id WHERE e.to_id = r.vertex_id)
               OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim m ON m.edge_id = e.edge_id WHERE e.from_id = r.vertex_id)))
-- statement: log_dropped_edges
-- What was not reported within the session is gone from CAR; this run's diff knows why nobody claims it any longer.
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, object_id, since, since_run)
SELECT :run_id, :at, 'drop', n.collection, coalesce(c.reason, 'not reported in the full import'), 1,
       n.from_key || ' -> ' || n.to_key, c.evidence, k.edge_id, k.since, k.since_run
FROM acknowledged_edge k
JOIN edge_name n ON n.edge_id = k.edge_id
LEFT JOIN temp.candidate_edge c ON c.edge_id = k.edge_id
WHERE k.confirmed_run <> :run_id
-- statement: log_dropped_assets
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, object_id, since, since_run)
SELECT :run_id, :at, 'drop', 'asset', coalesce(l.reason, 'not reported in the full import'), 1, v.key,
       coalesce(l.evidence, 'MachineInfo: healthStatus ' || m.healthStatus || ', lastSeen ' || m.lastSeen,
                'Defender does not list it'),
       k.vertex_id, k.since, k.since_run
FROM acknowledged_vertex k JOIN vertex v ON v.vertex_id = k.vertex_id LEFT JOIN MachineInfo m ON m.id = v.key
LEFT JOIN temp.leaving l ON l.vertex_id = v.vertex_id AND l.reason = 'out of scope'
WHERE k.confirmed_run <> :run_id AND v.collection = 'asset'
-- statement: log_dropped_vertices
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, object_id, since, since_run)
SELECT :run_id, :at, 'drop', n.car_name, 'not reported in the full import', 1, v.key, 'no edge needs it', k.vertex_id, k.since,
       k.since_run
FROM acknowledged_vertex k JOIN vertex v ON v.vertex_id = k.vertex_id JOIN collection n ON n.name = v.collection
WHERE k.confirmed_run <> :run_id AND v.collection <> 'asset'
-- statement: drop_edges
DELETE FROM acknowledged_edge WHERE confirmed_run <> :run_id
-- statement: drop_vertices
DELETE FROM acknowledged_vertex WHERE confirmed_run <> :run_id
-- statement: open_batches
SELECT batch_id, operation, first_item, last_item, coalesce(job_id, '') FROM batch ORDER BY batch_id
