-- Defender's table, as it shows it: a row a machine, software and CVE. (The collection is there for the index on names.)
CREATE VIEW SoftwareVulnerabilities AS
SELECT v.key AS DeviceId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion, s.CveId, m.run_id
FROM machine_software m
JOIN vertex v ON v.vertex_id = m.machine_id AND v.collection = 'asset'
JOIN software s ON s.software_id = m.software_id;
