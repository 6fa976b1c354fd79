-- The audit, third part: what CAR held at any time, by CAR's own answers. An interval begins when CAR acknowledged an import
-- and ends when CAR answered for the removal; times are this host's. CAR held an object at a time T where
--   since <= T AND (until IS NULL OR until > T).
-- Ask by edge_id, vertex_id, or kind and key of an end: then the views look at as many rows as they answer with.

CREATE VIEW audit_interval AS
-- Each time that CAR held an edge: what it holds (until is NULL) and what went. since and first_run are 'unknown' where an
-- older program removed the edge, which did not note them.
SELECT k.edge_id, e.collection AS edge, f.collection AS from_kind, f.key AS from_key, t.collection AS to_kind, t.key AS to_key,
       k.since, NULL AS until,
       k.since_run AS first_run,         -- that imported it
       k.confirmed_run AS last_run,      -- that reported it, or removed it
       NULL AS operation, NULL AS reason, NULL AS evidence  -- of the removal
FROM acknowledged_edge k
JOIN edge e ON e.edge_id = k.edge_id
JOIN vertex f ON f.vertex_id = e.from_id
JOIN vertex t ON t.vertex_id = e.to_id
UNION ALL
SELECT edge_id, edge, from_kind, from_key, to_kind, to_key, coalesce(since, 'unknown'), at, coalesce(since_run, 'unknown'),
       run_id, operation, reason, evidence
FROM audit_gone_edge;

CREATE VIEW audit_vertex_interval AS
-- The same of vertices. An asset's edges end with it; other vertices end only where a full import does not report them.
SELECT k.vertex_id, v.collection AS kind, v.key, k.since, NULL AS until, k.since_run AS first_run, k.confirmed_run AS last_run,
       NULL AS operation, NULL AS reason, NULL AS evidence
FROM acknowledged_vertex k
JOIN vertex v ON v.vertex_id = k.vertex_id
UNION ALL
SELECT vertex_id, kind, key, coalesce(since, 'unknown'), at, coalesce(since_run, 'unknown'), run_id, operation, reason, evidence
FROM audit_gone_vertex;

CREATE VIEW audit_reach AS
-- From when on the intervals tell everything: the oldest run that is still known, or the last removal by a program that did
-- not note since when CAR held the object.
SELECT max(at) AS since FROM (
  SELECT (SELECT started_at FROM run ORDER BY run_id LIMIT 1) AS at
  UNION ALL
  SELECT max(at) FROM ledger WHERE object_id IS NULL AND operation IN ('disable', 'delete', 'drop', 'lost'));

CREATE VIEW audit_permission AS
-- Who let through what a guard withheld: the tokens of --allow-once, who gave them, and what the run removed then.
SELECT run_id, started_at, coalesce(permitted_by, 'unknown') AS permitted_by, permission, deletes_allowed,
       (SELECT sum(l.records) FROM ledger l WHERE l.run_id = r.run_id AND l.operation IN ('disable', 'delete', 'drop')) AS removed
FROM run r WHERE permission IS NOT NULL;
