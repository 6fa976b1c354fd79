-- The CVEs that a machine of ours has, or had: what is kept of a list of all there are.
DROP TABLE IF EXISTS temp.our_cve;
CREATE TEMP TABLE our_cve (CveId TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO our_cve
SELECT CveId FROM stage.SoftwareVulnerabilities WHERE typeof(CveId) = 'text'
UNION SELECT CveId FROM stage.SoftwareVulnerabilityChanges WHERE typeof(CveId) = 'text'
UNION SELECT CveId FROM software
UNION SELECT CveId FROM VulnerabilityKb;
