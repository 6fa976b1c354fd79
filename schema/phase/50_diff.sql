-- desired against acknowledged → outbox. An incremental run looks at what changed only; a full one reports everything. Where
-- a statement is one of them alone, stage.run stands first in its FROM, so that the other one does not even begin it.

DROP TABLE IF EXISTS temp.candidate_edge;
CREATE TEMP TABLE candidate_edge (
  edge_id INTEGER PRIMARY KEY, reason TEXT NOT NULL, evidence TEXT, machine_id INTEGER, aspect TEXT) STRICT;
INSERT OR IGNORE INTO candidate_edge
SELECT l.edge_id,
       coalesce(a.reason, (SELECT t.lost FROM edge_type t WHERE t.name = l.collection AND t.aspect = l.aspect),
                'no longer derived'),
       'machine ' || v.key || coalesce(': ' || a.evidence, ''), l.machine_id, l.aspect
FROM lost_claim l
CROSS JOIN vertex v ON v.vertex_id = l.machine_id
LEFT JOIN leaving a ON a.vertex_id = l.machine_id;
INSERT OR IGNORE INTO candidate_edge (edge_id, reason, evidence)
SELECT n.edge_id, 'new', 'machine ' || v.key || ': ' || n.aspect
FROM stage.run r CROSS JOIN new_claim n CROSS JOIN vertex v ON v.vertex_id = n.machine_id
WHERE r.mode = 'incremental';
INSERT OR IGNORE INTO candidate_edge (edge_id, reason) SELECT edge_id, 'unanswered' FROM unanswered_edge;
INSERT OR IGNORE INTO candidate_edge (edge_id, reason, evidence) SELECT edge_id, reason, evidence FROM returned_edge;
DROP TABLE IF EXISTS temp.retried_edge;
CREATE TEMP TABLE retried_edge (edge_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO retried_edge
SELECT r.edge_id FROM refused_edge r CROSS JOIN refused_lately l WHERE r.refused_at NOT BETWEEN l.since AND l.until;
DELETE FROM refused_edge
WHERE edge_id IN (SELECT edge_id FROM retried_edge)
  AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.edge_id = refused_edge.edge_id);
INSERT OR IGNORE INTO candidate_edge (edge_id, reason, evidence)
SELECT t.edge_id, 'new', 'CAR refused it before'
FROM stage.run r CROSS JOIN retried_edge t CROSS JOIN refused_edge f ON f.edge_id = t.edge_id
WHERE r.mode = 'incremental';

DROP TABLE IF EXISTS temp.candidate_vertex;
CREATE TEMP TABLE candidate_vertex (vertex_id INTEGER PRIMARY KEY, reason TEXT NOT NULL, evidence TEXT) STRICT;
INSERT OR IGNORE INTO candidate_vertex SELECT vertex_id, reason, evidence FROM leaving;
INSERT OR IGNORE INTO candidate_vertex
SELECT v.vertex_id, 'changed', c.key
FROM changed_vertex c CROSS JOIN vertex v ON v.collection = c.collection AND v.key = c.key;
INSERT OR IGNORE INTO candidate_vertex SELECT vertex_id, 'changed', 'the derivation changed' FROM rederived_vertex;
DROP TABLE IF EXISTS temp.retried_vertex;
CREATE TEMP TABLE retried_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO retried_vertex
SELECT r.vertex_id FROM refused_vertex r CROSS JOIN refused_lately l WHERE r.refused_at NOT BETWEEN l.since AND l.until;
INSERT OR IGNORE INTO candidate_vertex SELECT vertex_id, 'changed', 'CAR refused it before' FROM retried_vertex;
INSERT OR IGNORE INTO candidate_vertex SELECT vertex_id, 'unanswered', NULL FROM unanswered_vertex;
INSERT OR IGNORE INTO candidate_vertex SELECT vertex_id, reason, evidence FROM returned_vertex;

-- What CAR refused waits until it looks different or its time has come (05_return.sql); then the edges that waited with it
-- come again.
DELETE FROM refused_vertex
WHERE vertex_id IN (SELECT vertex_id FROM candidate_vertex)
  AND body IS NOT (SELECT b.body FROM vertex_body b WHERE b.vertex_id = refused_vertex.vertex_id);
DELETE FROM refused_edge WHERE EXISTS (
  SELECT 1 FROM edge e CROSS JOIN candidate_vertex c ON c.vertex_id IN (e.from_id, e.to_id)
  WHERE e.edge_id = refused_edge.edge_id AND c.reason = 'changed');
INSERT OR IGNORE INTO candidate_edge (edge_id, reason)
SELECT e.edge_id, 'new'
FROM stage.run r CROSS JOIN candidate_vertex c CROSS JOIN edge e ON e.from_id = c.vertex_id
WHERE r.mode = 'incremental' AND c.reason = 'changed' AND EXISTS (SELECT 1 FROM claim WHERE claim.edge_id = e.edge_id)
  AND NOT EXISTS (SELECT 1 FROM acknowledged_edge k WHERE k.edge_id = e.edge_id);
INSERT OR IGNORE INTO candidate_edge (edge_id, reason)
SELECT e.edge_id, 'new'
FROM stage.run r CROSS JOIN candidate_vertex c CROSS JOIN edge e ON e.to_id = c.vertex_id
WHERE r.mode = 'incremental' AND c.reason = 'changed' AND EXISTS (SELECT 1 FROM claim WHERE claim.edge_id = e.edge_id)
  AND NOT EXISTS (SELECT 1 FROM acknowledged_edge k WHERE k.edge_id = e.edge_id);

-- What a full import left in CAR since it could not end its session: nobody claims it, no touched machine leads to it.
INSERT OR IGNORE INTO candidate_edge (edge_id, reason, evidence)
SELECT k.edge_id, 'left over', 'no machine derives it'
FROM setting due CROSS JOIN acknowledged_edge k CROSS JOIN edge e ON e.edge_id = k.edge_id
WHERE due.name = 'leftovers_due'
  AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = k.edge_id)
  AND e.collection NOT IN (SELECT kind FROM withheld);
INSERT OR IGNORE INTO candidate_vertex
SELECT k.vertex_id, 'left over', 'no machine of Defender''s'
FROM setting due CROSS JOIN acknowledged_vertex k CROSS JOIN vertex v ON v.vertex_id = k.vertex_id
WHERE due.name = 'leftovers_due'
  AND v.collection = 'asset' AND v.vertex_id NOT IN (SELECT vertex_id FROM asset)
  AND NOT EXISTS (SELECT 1 FROM withheld WHERE kind = 'delete');

-- An updated alert's edge is marked as updated.
INSERT OR IGNORE INTO candidate_edge (edge_id, reason, evidence)
SELECT e.edge_id, 'alert updated', c.key
FROM changed_vertex c
CROSS JOIN vertex v ON v.collection = 'alert' AND v.key = c.key
CROSS JOIN edge e ON e.to_id = v.vertex_id
WHERE c.collection = 'alert';

-- The candidates that are claimed, and the ends that they need. A full import reports all that is.
DROP TABLE IF EXISTS temp.desired_edge;
CREATE TEMP TABLE desired_edge (edge_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO desired_edge
SELECT c.edge_id FROM stage.run r CROSS JOIN candidate_edge c
WHERE r.mode = 'incremental' AND EXISTS (SELECT 1 FROM claim WHERE claim.edge_id = c.edge_id);
INSERT INTO desired_edge
SELECT DISTINCT c.edge_id FROM stage.run r CROSS JOIN claim c WHERE r.mode = 'full';

-- Assets, and others while a claimed edge needs them.
DROP TABLE IF EXISTS temp.desired_vertex;
CREATE TEMP TABLE desired_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO desired_vertex SELECT a.vertex_id FROM stage.run r CROSS JOIN asset a WHERE r.mode = 'full';
INSERT OR IGNORE INTO desired_vertex
SELECT c.vertex_id FROM stage.run r CROSS JOIN candidate_vertex c
WHERE r.mode = 'incremental'
  AND (EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = c.vertex_id)
       OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim m ON m.edge_id = e.edge_id WHERE e.to_id = c.vertex_id)
       OR EXISTS (SELECT 1 FROM edge e CROSS JOIN claim m ON m.edge_id = e.edge_id WHERE e.from_id = c.vertex_id));
INSERT OR IGNORE INTO desired_vertex SELECT e.from_id FROM desired_edge d CROSS JOIN edge e ON e.edge_id = d.edge_id;
INSERT OR IGNORE INTO desired_vertex SELECT e.to_id FROM desired_edge d CROSS JOIN edge e ON e.edge_id = d.edge_id;
-- What nothing needs any longer need not come again.
DELETE FROM refused_vertex
WHERE vertex_id IN (SELECT vertex_id FROM retried_vertex) AND vertex_id NOT IN (SELECT vertex_id FROM desired_vertex);

---------------------------------------------------------------------------------------------------------- imports
INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence, body)
SELECT (SELECT run_id FROM stage.run), 'vertex', n.car_name, b.vertex_id,
       CASE WHEN (SELECT mode FROM stage.run) = 'full' THEN 'full import'
            WHEN k.vertex_id IS NULL THEN 'new'
            WHEN k.body IS NOT b.body THEN 'changed' ELSE 'unanswered' END,
       c.evidence, b.body
FROM desired_vertex d
CROSS JOIN vertex_body b ON b.vertex_id = d.vertex_id
CROSS JOIN collection n ON n.name = b.collection
LEFT JOIN comparable_vertex k ON k.vertex_id = d.vertex_id
LEFT JOIN candidate_vertex c ON c.vertex_id = d.vertex_id
WHERE b.body IS NOT NULL
  AND (b.collection <> 'asset' OR EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = d.vertex_id))
  AND ((SELECT mode FROM stage.run) = 'full' OR k.body IS NOT b.body
       OR d.vertex_id IN (SELECT vertex_id FROM unanswered_vertex))
  AND NOT EXISTS (SELECT 1 FROM refused_vertex r
                  WHERE r.vertex_id = d.vertex_id AND r.body = b.body AND r.vertex_id NOT IN (SELECT vertex_id FROM retried_vertex))
ORDER BY b.collection <> 'asset', n.car_name, 5;

-- The edges of a vertex that CAR refused and never held wait with it.
DROP TABLE IF EXISTS temp.waiting_vertex;
CREATE TEMP TABLE waiting_vertex (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO waiting_vertex
SELECT r.vertex_id FROM refused_vertex r
WHERE NOT EXISTS (SELECT 1 FROM acknowledged_vertex k WHERE k.vertex_id = r.vertex_id)
  AND r.vertex_id NOT IN (SELECT vertex_id FROM retried_vertex);

-- Only an alert's edge has a time of its own.
INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence, last_modified)
SELECT r.run_id, 'edge', e.collection, e.edge_id,
       CASE WHEN r.mode = 'full' THEN 'full import' WHEN k.edge_id IS NULL THEN 'new' ELSE 'unanswered' END,
       c.evidence,
       CASE e.collection WHEN 'asset_vulnerability' THEN (
         SELECT CAST(round((julianday(a.lastUpdateTime) - 2440587.5) * 86400000) AS INTEGER)
         FROM vertex v CROSS JOIN Alerts a ON a.id = v.key WHERE v.vertex_id = e.to_id AND v.collection = 'alert') END
FROM stage.run r
CROSS JOIN desired_edge d
CROSS JOIN edge e ON e.edge_id = d.edge_id
LEFT JOIN candidate_edge c ON c.edge_id = d.edge_id
LEFT JOIN acknowledged_edge k ON k.edge_id = d.edge_id
WHERE (r.mode = 'full' OR k.edge_id IS NULL OR d.edge_id IN (SELECT edge_id FROM unanswered_edge))
  AND d.edge_id NOT IN (SELECT edge_id FROM refused_edge EXCEPT SELECT edge_id FROM retried_edge)
  AND e.from_id NOT IN (SELECT vertex_id FROM waiting_vertex) AND e.to_id NOT IN (SELECT vertex_id FROM waiting_vertex)
ORDER BY e.collection, 5;

------------------------------------------------------------------------------------------------- removals, updates
-- In a full import what is not reported falls away by itself.
INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence, last_modified)
SELECT r.run_id, 'touch', e.collection, e.edge_id, 'alert updated', a.id, a.updated
FROM stage.run r
CROSS JOIN desired_edge d
CROSS JOIN edge e ON e.edge_id = d.edge_id
CROSS JOIN acknowledged_edge k ON k.edge_id = d.edge_id
CROSS JOIN vertex v ON v.vertex_id = e.to_id AND v.collection = 'alert'
CROSS JOIN (SELECT id, CAST(round((julianday(lastUpdateTime) - 2440587.5) * 86400000) AS INTEGER) AS updated FROM Alerts) a
  ON a.id = v.key
WHERE r.mode = 'incremental' AND e.collection = 'asset_vulnerability'
  AND a.updated > coalesce(k.last_modified, 0)
  AND d.edge_id NOT IN (SELECT edge_id FROM unanswered_edge);

INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence, machine_id, aspect)
SELECT r.run_id, 'disable', e.collection, e.edge_id, c.reason, c.evidence, c.machine_id, c.aspect
FROM stage.run r CROSS JOIN candidate_edge c CROSS JOIN edge e ON e.edge_id = c.edge_id
WHERE r.mode = 'incremental'
  AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.edge_id = e.edge_id)
  AND (EXISTS (SELECT 1 FROM acknowledged_edge k WHERE k.edge_id = e.edge_id)
       OR e.edge_id IN (SELECT edge_id FROM unanswered_edge))
  AND NOT EXISTS (SELECT 1 FROM vertex v WHERE v.vertex_id = e.from_id AND v.collection = 'asset'
                    AND v.vertex_id NOT IN (SELECT vertex_id FROM asset))
ORDER BY e.collection, c.reason;

INSERT INTO outbox (run_id, operation, collection, object_id, reason, evidence)
SELECT r.run_id, 'delete', 'asset', c.vertex_id, c.reason, c.evidence
FROM stage.run r CROSS JOIN candidate_vertex c CROSS JOIN vertex v ON v.vertex_id = c.vertex_id
WHERE r.mode = 'incremental' AND v.collection = 'asset'
  AND v.vertex_id NOT IN (SELECT vertex_id FROM asset)
  AND (EXISTS (SELECT 1 FROM acknowledged_vertex k WHERE k.vertex_id = c.vertex_id)
       OR c.vertex_id IN (SELECT vertex_id FROM unanswered_vertex))
ORDER BY c.reason;

-- What an earlier run handed over without an answer stays so until CAR answers for it, also when this run ends before
-- it comes to that: otherwise nobody would take back from CAR what Defender no longer derives by then.
INSERT INTO batch (run_id, operation, first_item, last_item, sent_at)
SELECT o.run_id, o.operation, o.item_id, o.item_id, (SELECT now FROM stage.run)
FROM (SELECT 1 WHERE EXISTS (SELECT 1 FROM unanswered_vertex) OR EXISTS (SELECT 1 FROM unanswered_edge)) CROSS JOIN outbox o
WHERE CASE WHEN o.operation IN ('vertex', 'delete') THEN o.object_id IN (SELECT vertex_id FROM unanswered_vertex)
           ELSE o.object_id IN (SELECT edge_id FROM unanswered_edge) END;
