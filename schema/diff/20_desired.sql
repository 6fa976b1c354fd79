-- Which graph 30_graph.sql compares: the desired one, what CAR shall hold by Defender's word.

DROP VIEW IF EXISTS temp.edge_before;
CREATE TEMP VIEW edge_before AS SELECT edge_id FROM before.claim;
DROP VIEW IF EXISTS temp.asset_before;
CREATE TEMP VIEW asset_before AS SELECT vertex_id FROM before.asset;
DROP VIEW IF EXISTS temp.body_before;
CREATE TEMP VIEW body_before AS SELECT vertex_id, body FROM before.vertex_body;
DROP VIEW IF EXISTS temp.edge_after;
CREATE TEMP VIEW edge_after AS SELECT edge_id FROM after.claim;
DROP VIEW IF EXISTS temp.asset_after;
CREATE TEMP VIEW asset_after AS SELECT vertex_id FROM after.asset;
DROP VIEW IF EXISTS temp.body_after;
CREATE TEMP VIEW body_after AS SELECT vertex_id, body FROM after.vertex_body;
