-- Names that were ever derived. Software speaks of machines that never were an asset by number, too.
CREATE VIEW derived_vertex AS
SELECT v.vertex_id, v.collection, v.key FROM vertex v
WHERE v.collection <> 'asset'
   OR EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = v.vertex_id)
   OR EXISTS (SELECT 1 FROM acknowledged_vertex k WHERE k.vertex_id = v.vertex_id)
   OR EXISTS (SELECT 1 FROM edge e WHERE e.from_id = v.vertex_id)
   OR EXISTS (SELECT 1 FROM ledger l WHERE l.object = v.key);

-- Defender's table, as it shows it: a row a machine, software and CVE. (The collection is there for the index on names.)
CREATE VIEW SoftwareVulnerabilities AS
SELECT v.key AS DeviceId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion, s.CveId, m.run_id
FROM machine_software m
JOIN vertex v ON v.vertex_id = m.machine_id AND v.collection = 'asset'
JOIN software s ON s.software_id = m.software_id;
