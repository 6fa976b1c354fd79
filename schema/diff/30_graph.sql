-- The graphs of two states, by names: edges, assets, and the bodies of what both have. Other vertices come and go with
-- their edges, and what CAR holds of them follows from their names.

-- Numbers mean the same in both files where one comes from the other. Elsewhere names decide, which takes longer.
DROP TABLE IF EXISTS temp.renumbered;
CREATE TEMP TABLE renumbered (vertex_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO renumbered
SELECT b.vertex_id FROM before.vertex b CROSS JOIN after.vertex a ON a.vertex_id = b.vertex_id
WHERE (b.collection, b.key) IS NOT (a.collection, a.key);

-- An edge stands with the asset it hangs on, one between other things with the first machine that says so.
INSERT INTO change
SELECT CASE WHEN f.collection = 'asset' THEN f.key
            ELSE coalesce((SELECT min(v.key) FROM after.claim c CROSS JOIN after.vertex v ON v.vertex_id = c.machine_id
                           WHERE c.edge_id = e.edge_id), '') END,
       'graph', e.collection, 'added', f.key || ' -> ' || t.key, NULL, NULL, NULL
FROM after.edge e
CROSS JOIN after.vertex f ON f.vertex_id = e.from_id
CROSS JOIN after.vertex t ON t.vertex_id = e.to_id
WHERE EXISTS (SELECT 1 FROM edge_after WHERE edge_id = e.edge_id)
  AND NOT EXISTS (SELECT 1 FROM before.edge o
                  WHERE o.edge_id = e.edge_id AND (o.from_id, o.to_id, o.collection) = (e.from_id, e.to_id, e.collection)
                    AND o.from_id NOT IN (SELECT vertex_id FROM renumbered)
                    AND o.to_id NOT IN (SELECT vertex_id FROM renumbered)
                    AND EXISTS (SELECT 1 FROM edge_before WHERE edge_id = o.edge_id))
  AND NOT EXISTS (SELECT 1 FROM before.vertex x
                  CROSS JOIN before.vertex y ON y.collection = t.collection AND y.key = t.key
                  CROSS JOIN before.edge o ON o.from_id = x.vertex_id AND o.to_id = y.vertex_id AND o.collection = e.collection
                  WHERE x.collection = f.collection AND x.key = f.key
                    AND EXISTS (SELECT 1 FROM edge_before WHERE edge_id = o.edge_id));
INSERT INTO change
SELECT CASE WHEN f.collection = 'asset' THEN f.key
            ELSE coalesce((SELECT min(v.key) FROM before.claim c CROSS JOIN before.vertex v ON v.vertex_id = c.machine_id
                           WHERE c.edge_id = e.edge_id), '') END,
       'graph', e.collection, 'removed', f.key || ' -> ' || t.key, NULL, NULL, NULL
FROM before.edge e
CROSS JOIN before.vertex f ON f.vertex_id = e.from_id
CROSS JOIN before.vertex t ON t.vertex_id = e.to_id
WHERE EXISTS (SELECT 1 FROM edge_before WHERE edge_id = e.edge_id)
  AND NOT EXISTS (SELECT 1 FROM after.edge o
                  WHERE o.edge_id = e.edge_id AND (o.from_id, o.to_id, o.collection) = (e.from_id, e.to_id, e.collection)
                    AND o.from_id NOT IN (SELECT vertex_id FROM renumbered)
                    AND o.to_id NOT IN (SELECT vertex_id FROM renumbered)
                    AND EXISTS (SELECT 1 FROM edge_after WHERE edge_id = o.edge_id))
  AND NOT EXISTS (SELECT 1 FROM after.vertex x
                  CROSS JOIN after.vertex y ON y.collection = t.collection AND y.key = t.key
                  CROSS JOIN after.edge o ON o.from_id = x.vertex_id AND o.to_id = y.vertex_id AND o.collection = e.collection
                  WHERE x.collection = f.collection AND x.key = f.key
                    AND EXISTS (SELECT 1 FROM edge_after WHERE edge_id = o.edge_id));

INSERT INTO change
SELECT v.key, 'graph', 'asset', 'added', v.key, NULL, NULL,
       (SELECT k.body ->> 'name' FROM body_after k WHERE k.vertex_id = v.vertex_id)
FROM after.vertex v
WHERE v.collection = 'asset' AND EXISTS (SELECT 1 FROM asset_after WHERE vertex_id = v.vertex_id)
  AND NOT EXISTS (SELECT 1 FROM before.vertex o WHERE o.collection = 'asset' AND o.key = v.key
                    AND EXISTS (SELECT 1 FROM asset_before WHERE vertex_id = o.vertex_id));
INSERT INTO change
SELECT v.key, 'graph', 'asset', 'removed', v.key, NULL,
       (SELECT k.body ->> 'name' FROM body_before k WHERE k.vertex_id = v.vertex_id), NULL
FROM before.vertex v
WHERE v.collection = 'asset' AND EXISTS (SELECT 1 FROM asset_before WHERE vertex_id = v.vertex_id)
  AND NOT EXISTS (SELECT 1 FROM after.vertex o WHERE o.collection = 'asset' AND o.key = v.key
                    AND EXISTS (SELECT 1 FROM asset_after WHERE vertex_id = o.vertex_id));

-- The bodies that say more than the name: of assets, and of alerts and CVEs that edges lead to.
DROP TABLE IF EXISTS temp.body;
CREATE TEMP TABLE body (collection TEXT, key TEXT, before TEXT, after TEXT) STRICT;
INSERT INTO body
SELECT b.collection, b.key, x.body, y.body
FROM before.vertex b
CROSS JOIN after.vertex a ON a.collection = b.collection AND a.key = b.key
CROSS JOIN body_before x ON x.vertex_id = b.vertex_id
CROSS JOIN body_after y ON y.vertex_id = a.vertex_id
WHERE b.collection IN ('asset', 'alert', 'cve') AND x.body <> y.body
  AND CASE b.collection
        WHEN 'asset' THEN EXISTS (SELECT 1 FROM asset_before WHERE vertex_id = b.vertex_id)
        ELSE EXISTS (SELECT 1 FROM before.edge e WHERE e.to_id = b.vertex_id
                       AND EXISTS (SELECT 1 FROM edge_before k WHERE k.edge_id = e.edge_id)) END
  AND CASE a.collection
        WHEN 'asset' THEN EXISTS (SELECT 1 FROM asset_after WHERE vertex_id = a.vertex_id)
        ELSE EXISTS (SELECT 1 FROM after.edge e WHERE e.to_id = a.vertex_id
                       AND EXISTS (SELECT 1 FROM edge_after k WHERE k.edge_id = e.edge_id)) END;
INSERT INTO change
SELECT CASE b.collection WHEN 'asset' THEN b.key
                         WHEN 'alert' THEN coalesce((SELECT machineId FROM after.Alerts WHERE id = b.key), '')
                         ELSE '' END,
       'graph', b.collection, 'changed', b.key, j.key, b.before ->> j.key, b.after ->> j.key
FROM body b CROSS JOIN json_each(json_patch(b.before, b.after)) j
WHERE b.before -> j.key IS NOT b.after -> j.key;
