-- What `--at TIME` asks: the run that a time means, and what CAR held then (views of audit/40_intervals.sql).
-- statement: time
-- A time as people write it, UTC; no row for what is none. A day alone means its beginning.
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', rtrim(:text, 'Z'))
WHERE :text GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
   OR :text GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]'
   OR :text GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]Z'
   OR :text GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]:[0-9][0-9]*[0-9Z]'
-- statement: run
-- The last run finished by then.
SELECT run_id, finished_at FROM run WHERE finished_at <= :at ORDER BY run_id DESC LIMIT 1
-- statement: first_run
SELECT finished_at FROM run WHERE finished_at IS NOT NULL ORDER BY run_id LIMIT 1
-- statement: reach
SELECT since FROM audit_reach
-- statement: vertex
-- The interval of that time; where there is none the last before it, else the first after it.
SELECT kind, key, since, until, first_run, last_run, operation, reason, evidence,
       since <= :at AND (until IS NULL OR until > :at) AS in_car
FROM audit_vertex_interval WHERE vertex_id = :id
ORDER BY in_car DESC, since > :at AND since <> 'unknown', abs(julianday(coalesce(until, since)) - julianday(:at)) LIMIT 1
-- statement: edge
SELECT edge, from_kind, from_key, to_kind, to_key, since, until, first_run, last_run, operation, reason, evidence,
       since <= :at AND (until IS NULL OR until > :at) AS in_car
FROM audit_interval WHERE edge_id = :id
ORDER BY in_car DESC, since > :at AND since <> 'unknown', abs(julianday(coalesce(until, since)) - julianday(:at)) LIMIT 1
-- statement: edges
-- That CAR held then: those of a vertex, and those between two neighbours of it. Of a vertex with very many edges the first
-- :looked_at are looked at; the many of software come last. (Of audit_interval, which is a union, a join would read
-- everything.)
WITH own AS (
  SELECT edge_id, from_id, to_id FROM (SELECT * FROM edge WHERE from_id = :id LIMIT :looked_at)
  UNION
  SELECT edge_id, from_id, to_id FROM (SELECT * FROM edge WHERE to_id = :id LIMIT :looked_at)),
neighbour AS (
  SELECT o.from_id + o.to_id - :id AS vertex_id FROM own o
  WHERE EXISTS (SELECT 1 FROM acknowledged_edge k WHERE k.edge_id = o.edge_id AND k.since <= :at)
     OR EXISTS (SELECT 1 FROM audit_gone_edge g WHERE g.edge_id = o.edge_id AND g.since <= :at AND g.at > :at)),
looked AS (
  SELECT edge_id FROM own
  UNION
  SELECT e.edge_id FROM neighbour n CROSS JOIN edge e ON e.from_id = n.vertex_id
  WHERE e.to_id IN (SELECT vertex_id FROM neighbour))
SELECT e.edge_id
FROM looked l CROSS JOIN edge e ON e.edge_id = l.edge_id
WHERE EXISTS (SELECT 1 FROM acknowledged_edge k WHERE k.edge_id = e.edge_id AND k.since <= :at)
   OR EXISTS (SELECT 1 FROM audit_gone_edge g WHERE g.edge_id = e.edge_id AND g.since <= :at AND g.at > :at)
ORDER BY e.collection IN (SELECT name FROM edge_type WHERE aspect = 'software'), e.collection, e.edge_id
LIMIT :most
-- statement: end
-- After everything that the state acknowledged.
SELECT max(at) FROM (SELECT max(at) AS at FROM ledger UNION ALL SELECT max(since) FROM acknowledged_edge
                     UNION ALL SELECT max(since) FROM acknowledged_vertex)
