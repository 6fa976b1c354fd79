-- What the answered end of a full import's session would take: all that CAR holds and the session did not report. Reasons
-- and evidence are those of the ledger (deliver/log_dropped_*).
INSERT INTO planned (operation, collection, from_collection, from_key, to_collection, to_key, reason, evidence, machine,
                     object_id)
SELECT 'drop', n.collection, n.from_collection, n.from_key, n.to_collection, n.to_key,
       coalesce(c.reason, 'not reported in the full import'), c.evidence,
       coalesce((SELECT v.key FROM vertex v WHERE v.vertex_id = c.machine_id),
                CASE n.from_collection WHEN 'asset' THEN n.from_key END), k.edge_id
FROM acknowledged_edge k
CROSS JOIN edge_name n ON n.edge_id = k.edge_id
LEFT JOIN temp.candidate_edge c ON c.edge_id = k.edge_id
WHERE k.edge_id NOT IN (SELECT object_id FROM planned WHERE operation = 'edge')
ORDER BY n.collection, n.from_key, n.to_key;
INSERT INTO planned (operation, collection, from_collection, from_key, reason, evidence, machine, object_id)
SELECT 'drop', n.car_name, v.collection, v.key, coalesce(l.reason, 'not reported in the full import'),
       CASE v.collection
         WHEN 'asset' THEN coalesce(l.evidence, 'MachineInfo: healthStatus ' || m.healthStatus || ', lastSeen ' || m.lastSeen,
                                    'Defender does not list it')
         ELSE 'no edge needs it' END,
       CASE v.collection WHEN 'asset' THEN v.key END, k.vertex_id
FROM acknowledged_vertex k
CROSS JOIN vertex v ON v.vertex_id = k.vertex_id
CROSS JOIN collection n ON n.name = v.collection
LEFT JOIN MachineInfo m ON v.collection = 'asset' AND m.id = v.key
LEFT JOIN temp.leaving l ON l.vertex_id = v.vertex_id AND l.reason = 'out of scope'
WHERE k.vertex_id NOT IN (SELECT object_id FROM planned WHERE operation = 'vertex')
ORDER BY v.collection <> 'asset', n.car_name, v.key;
