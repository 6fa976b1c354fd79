CREATE VIEW audit_graph AS
-- The graph that CAR shall hold, as canonical text, a line a vertex or edge. Right after a full import
--   sqlite3 -readonly state.db "SELECT line FROM audit_graph" | sha256sum
-- prints that run's digest (table run). The lines of one vertex: itself, then the edges that begin there.
SELECT line FROM (
  SELECT collection AS from_collection, key AS from_key, '' AS collection, '' AS to_collection, '' AS to_key, line
  FROM graph_vertex
  UNION ALL
  SELECT from_collection, from_key, collection, to_collection, to_key, line FROM graph_edge)
ORDER BY from_collection, from_key, collection, to_collection, to_key;
