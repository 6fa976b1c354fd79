-- Fills a fresh state file with a large fleet, straight through SQL: machines, what CAR holds of them, software, two
-- weeks of runs. The shell test of `report` sets the size: CREATE TEMP TABLE size (machines, software a machine).

CREATE TEMP TABLE machine AS
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < (SELECT machines FROM size))
SELECT n, printf('%040x', n) AS id FROM n;

INSERT INTO run (run_id, mode, reason, started_at, clock_at, finished_at, outcome, failure, error, defender_calls, car_calls)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4032)
SELECT n, iif(n = 1, 'full', 'incremental'), 'a reason', at, at, strftime('%Y-%m-%dT%H:%M:%fZ', at, (5 + n % 30) || ' seconds'),
       CASE WHEN n % 97 = 0 THEN 'failed' WHEN n % 211 = 0 THEN 'held' ELSE 'done' END,
       CASE WHEN n % 97 = 0 THEN 'defender' WHEN n % 211 = 0 THEN 'guard' END,
       CASE WHEN n % 97 = 0 THEN 'Defender answered 503 ' || n WHEN n % 211 = 0 THEN 'held back: 99 deletes' END, 40, 12
FROM (SELECT n, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-5 * (4033 - n)) || ' minutes') AS at FROM n);
INSERT INTO run_dataset
SELECT run_id, d.column1, iif(run_id % 97 = 0 AND d.column1 = 'network', 'incomplete', 'complete'), 100,
       iif(run_id % 97 = 0 AND d.column1 = 'network', 'Graph answered 503', NULL)
FROM run, (VALUES ('machines'), ('network'), ('users'), ('alerts'), ('vulnerabilities')) d;
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, answer)
SELECT r.run_id, r.started_at, o.column1, o.column2, o.column3, o.column4, NULL, NULL, '200'
FROM run r, (VALUES ('vertex', 'asset', 'new', 3), ('edge', 'asset_ipaddress', 'new', 12),
                    ('touch', 'asset_vulnerability', 'alert updated', 1)) o WHERE r.outcome = 'done';
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, answer)
SELECT r.run_id, r.started_at, 'disable', 'asset_ipaddress', 'network changed', 1, printf('%040x -> 10.0.0.%d', n, n % 250),
       printf('machine %040x', n), '200'
FROM run r, (SELECT n FROM machine LIMIT 40);
INSERT INTO ledger (run_id, at, operation, collection, reason, records, object, evidence, answer)
SELECT r.run_id, r.started_at, 'delete', 'asset', 'inactive-15', 1, id,
       'MachineInfo: healthStatus Inactive', '200'
FROM machine m JOIN run r ON r.run_id = 1 + n % 4032 WHERE n % 20 = 0;

INSERT INTO MachineInfo (id, computerDnsName, osPlatform, healthStatus, lastSeen, run_id)
SELECT id, '<b>host-' || n || '</b> & "co"',
       CASE n % 7 WHEN 0 THEN 'Linux' WHEN 1 THEN 'WindowsServer2022' WHEN 2 THEN 'odd ' || n ELSE 'Windows11' END,
       CASE n % 10 WHEN 0 THEN 'Inactive' WHEN 1 THEN 'NoSensorData' ELSE 'Active' END,
       strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-(n % 15)) || ' days'), 1
FROM machine;
INSERT INTO vertex (vertex_id, collection, key) SELECT n + 1, 'asset', id FROM machine;
INSERT INTO asset SELECT vertex_id, 1 FROM vertex;
INSERT INTO acknowledged_vertex SELECT vertex_id, '{}', (SELECT started_at FROM run LIMIT 1), 1, 1 FROM vertex;

INSERT INTO VulnerabilityKb
SELECT printf('CVE-2024-%05d', n), iif(n % 11 = 0, NULL, 1 + n % 90 / 10.0),
       'A description as long as those of the knowledge base are: ' || hex(zeroblob(200)), NULL, NULL, 1
FROM machine LIMIT 20000;
INSERT INTO vertex (collection, key) SELECT 'cve', CveId FROM VulnerabilityKb WHERE CvssScore IS NOT NULL;
INSERT INTO vertex (collection, key)
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 1999)
SELECT 'application', printf('vendor%d:software%d:1.%d', n % 50, n, n % 9) FROM n;
CREATE TEMP TABLE application AS
SELECT row_number() OVER (ORDER BY vertex_id) - 1 AS n, vertex_id, key FROM vertex WHERE collection = 'application';

-- Each machine's software, a CVE a row; the first applications are the common ones.
CREATE TEMP TABLE installed AS
WITH RECURSIVE k (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM k WHERE k + 1 < (SELECT software FROM size))
SELECT m.n, m.id, application, (application * 10 + m.n % 10) % 20000 AS cve
FROM (SELECT n, id, k, (n * n * 7 + k * k) % (1 + k * 199) AS application FROM machine, k) m;
INSERT OR IGNORE INTO software (SoftwareVendor, SoftwareName, SoftwareVersion, CveId)
SELECT 'vendor' || (a.n % 50), 'software' || a.n, '1.' || (a.n % 9), printf('CVE-2024-%05d', i.cve)
FROM installed i CROSS JOIN application a ON a.n = i.application;
INSERT OR IGNORE INTO machine_software
SELECT i.n + 1, s.software_id, 1
FROM installed i CROSS JOIN application a ON a.n = i.application
CROSS JOIN software s ON (s.CveId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion)
  = (printf('CVE-2024-%05d', i.cve), 'vendor' || (a.n % 50), 'software' || a.n, '1.' || (a.n % 9));
INSERT OR IGNORE INTO edge (collection, from_id, to_id)
SELECT 'asset_application', i.n + 1, (SELECT min(vertex_id) FROM application) + i.application FROM installed i;
INSERT OR IGNORE INTO edge (collection, from_id, to_id)
SELECT DISTINCT 'asset_vulnerability', i.n + 1, v.vertex_id
FROM installed i CROSS JOIN vertex v ON v.collection = 'cve' AND v.key = printf('CVE-2024-%05d', i.cve);
INSERT OR IGNORE INTO edge (collection, from_id, to_id)
SELECT DISTINCT 'application_vulnerability', (SELECT min(vertex_id) FROM application) + i.application, v.vertex_id
FROM installed i CROSS JOIN vertex v ON v.collection = 'cve' AND v.key = printf('CVE-2024-%05d', i.cve);
INSERT INTO acknowledged_edge SELECT edge_id, NULL, (SELECT started_at FROM run LIMIT 1), 1, 1 FROM edge;

INSERT INTO rejected
SELECT 'machines', id, 'reason ' || (n % 300) || ' <img src=x onerror=alert(1)>', '{}', 1, 4032 FROM machine LIMIT 30000;
INSERT INTO due SELECT id, 'all', 'a guard holds back deletes', 4000 FROM machine LIMIT 20000;
