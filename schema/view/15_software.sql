-- Names that were ever derived. Software speaks of machines that never were an asset by number, too.
CREATE VIEW derived_vertex AS
SELECT v.vertex_id, v.collection, v.key FROM vertex v
WHERE v.collection <> 'asset'
   OR EXISTS (SELECT 1 FROM asset a WHERE a.vertex_id = v.vertex_id)
   OR EXISTS (SELECT 1 FROM acknowledged_vertex k WHERE k.vertex_id = v.vertex_id)
   OR EXISTS (SELECT 1 FROM edge e WHERE e.from_id = v.vertex_id)
   OR EXISTS (SELECT 1 FROM ledger l WHERE l.object = v.key);

-- Software, and the score of its CVE: the knowledge base's, and where that has none the one in the software's own rows.
CREATE VIEW scored_software AS
SELECT s.software_id, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion, s.CveId,
       coalesce((SELECT k.CvssScore FROM VulnerabilityKb k WHERE k.CveId = s.CveId),
                (SELECT r.CvssScore FROM RowScore r WHERE r.CveId = s.CveId)) AS CvssScore
FROM software s;

-- Defender's table, as it shows it: a row a machine, software and CVE. (The collection is there for the index on names.)
CREATE VIEW SoftwareVulnerabilities AS
SELECT v.key AS DeviceId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion, s.CveId, m.run_id, s.CvssScore
FROM machine_software m
JOIN vertex v ON v.vertex_id = m.machine_id AND v.collection = 'asset'
JOIN scored_software s ON s.software_id = m.software_id;
