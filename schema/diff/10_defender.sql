-- What Defender said differently in two states: `before` and `after` are state files, attached. Needs nothing else, writes
-- temp.change alone, and runs in the stock shell as it stands (docs/replay-and-diff.md).

DROP TABLE IF EXISTS temp.change;
CREATE TEMP TABLE change (
  machine TEXT NOT NULL,             -- Defender's id; '' for what is no single machine's
  part    TEXT NOT NULL,             -- defender, graph
  kind    TEXT NOT NULL,             -- machine, address, user, …; in the graph the collection
  change  TEXT NOT NULL CHECK (change IN ('added', 'removed', 'changed')),
  object  TEXT NOT NULL,
  field   TEXT,                      -- of what changed; NULL for what came or went
  before  TEXT,                      -- what was said of it; NULL: nothing
  after   TEXT
) STRICT;

--------------------------------------------------------------------------------------------------------- machines
-- lastSeen is no change: it moves every day with every machine. It stands with the machines that came or went.
INSERT INTO change
SELECT a.id, 'defender', 'machine', 'added', a.id, NULL, NULL,
       coalesce(a.osPlatform, '?') || ', ' || coalesce(a.healthStatus, '?') || ', last seen ' || coalesce(a.lastSeen, '?')
FROM after.MachineInfo a WHERE NOT EXISTS (SELECT 1 FROM before.MachineInfo b WHERE b.id = a.id);
INSERT INTO change
SELECT b.id, 'defender', 'machine', 'removed', b.id, NULL,
       coalesce(b.osPlatform, '?') || ', ' || coalesce(b.healthStatus, '?') || ', last seen ' || coalesce(b.lastSeen, '?'), NULL
FROM before.MachineInfo b WHERE NOT EXISTS (SELECT 1 FROM after.MachineInfo a WHERE a.id = b.id);
INSERT INTO change
SELECT b.id, 'defender', 'machine', 'changed', b.id, j.key, j.value ->> 0, j.value ->> 1
FROM before.MachineInfo b
CROSS JOIN after.MachineInfo a ON a.id = b.id
CROSS JOIN json_each(json_object(
  'computerDnsName', json_array(b.computerDnsName, a.computerDnsName),
  'osPlatform', json_array(b.osPlatform, a.osPlatform),
  'version', json_array(b.version, a.version),
  'healthStatus', json_array(b.healthStatus, a.healthStatus),
  'onboardingStatus', json_array(b.onboardingStatus, a.onboardingStatus),
  'lastIpAddress', json_array(b.lastIpAddress, a.lastIpAddress),
  'lastExternalIpAddress', json_array(b.lastExternalIpAddress, a.lastExternalIpAddress),
  'riskScore', json_array(b.riskScore, a.riskScore),
  'exposureLevel', json_array(b.exposureLevel, a.exposureLevel),
  'rbacGroupName', json_array(b.rbacGroupName, a.rbacGroupName),
  'deviceValue', json_array(b.deviceValue, a.deviceValue),
  'machineTags', json_array(b.machineTags, a.machineTags),
  'isExcluded', json_array(b.isExcluded, a.isExcluded),
  'mergedIntoMachineId', json_array(b.mergedIntoMachineId, a.mergedIntoMachineId))) j
WHERE (b.computerDnsName, b.osPlatform, b.version, b.healthStatus, b.onboardingStatus, b.lastIpAddress,
       b.lastExternalIpAddress, b.riskScore, b.exposureLevel, b.rbacGroupName, b.deviceValue, b.machineTags, b.isExcluded,
       b.mergedIntoMachineId)
  IS NOT (a.computerDnsName, a.osPlatform, a.version, a.healthStatus, a.onboardingStatus, a.lastIpAddress,
          a.lastExternalIpAddress, a.riskScore, a.exposureLevel, a.rbacGroupName, a.deviceValue, a.machineTags, a.isExcluded,
          a.mergedIntoMachineId)
  AND j.value -> 0 <> j.value -> 1;

-------------------------------------------------------------------------------------------------------- addresses
-- Those of the newest report's adapters, of any type; of the machine list where the network comes from there.
DROP TABLE IF EXISTS temp.address_before;
CREATE TEMP TABLE address_before (machine TEXT, address TEXT, words TEXT,
  PRIMARY KEY (machine, address, words)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO address_before
SELECT n.DeviceId, j.value ->> 'IPAddress', coalesce(j.value ->> 'AddressType', '?') || coalesce(', MAC ' || n.mac, '')
FROM before.current_adapter n CROSS JOIN json_each(n.IPAddresses) j
WHERE (SELECT value FROM before.setting WHERE name = 'network_source') IS NOT 'machines'
  AND j.type = 'object' AND j.value ->> 'IPAddress' <> '';
INSERT OR IGNORE INTO address_before
SELECT l.DeviceId, l.address, CASE WHEN l.private THEN 'Private' ELSE 'not private' END || coalesce(', MAC ' || l.mac, '')
FROM before.listed_address l
WHERE (SELECT value FROM before.setting WHERE name = 'network_source') = 'machines' AND l.address <> '';
DROP TABLE IF EXISTS temp.address_after;
CREATE TEMP TABLE address_after (machine TEXT, address TEXT, words TEXT,
  PRIMARY KEY (machine, address, words)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO address_after
SELECT n.DeviceId, j.value ->> 'IPAddress', coalesce(j.value ->> 'AddressType', '?') || coalesce(', MAC ' || n.mac, '')
FROM after.current_adapter n CROSS JOIN json_each(n.IPAddresses) j
WHERE (SELECT value FROM after.setting WHERE name = 'network_source') IS NOT 'machines'
  AND j.type = 'object' AND j.value ->> 'IPAddress' <> '';
INSERT OR IGNORE INTO address_after
SELECT l.DeviceId, l.address, CASE WHEN l.private THEN 'Private' ELSE 'not private' END || coalesce(', MAC ' || l.mac, '')
FROM after.listed_address l
WHERE (SELECT value FROM after.setting WHERE name = 'network_source') = 'machines' AND l.address <> '';
INSERT INTO change
SELECT machine, 'defender', 'address', 'added', address, NULL, NULL, words
FROM (SELECT * FROM address_after EXCEPT SELECT * FROM address_before);
INSERT INTO change
SELECT machine, 'defender', 'address', 'removed', address, NULL, words, NULL
FROM (SELECT * FROM address_before EXCEPT SELECT * FROM address_after);

------------------------------------------------------------------------------------------------------------ users
INSERT INTO change
SELECT u.machineId, 'defender', 'user', 'added',
       coalesce(nullif(u.accountDomain, '') || '\', '') || u.accountName, NULL, NULL, NULL
FROM after.LogonUsers u
WHERE NOT EXISTS (SELECT 1 FROM before.LogonUsers o
                  WHERE (o.machineId, o.accountName, o.accountDomain) = (u.machineId, u.accountName, u.accountDomain));
INSERT INTO change
SELECT u.machineId, 'defender', 'user', 'removed',
       coalesce(nullif(u.accountDomain, '') || '\', '') || u.accountName, NULL, NULL, NULL
FROM before.LogonUsers u
WHERE NOT EXISTS (SELECT 1 FROM after.LogonUsers o
                  WHERE (o.machineId, o.accountName, o.accountDomain) = (u.machineId, u.accountName, u.accountDomain));

----------------------------------------------------------------------------------------------------------- alerts
-- Open ones: a Resolved alert leaves the mirror at some later reading, which is no change. One that is gone says how.
INSERT INTO change
SELECT coalesce(x.machineId, ''), 'defender', 'alert', 'added', x.id, NULL,
       (SELECT o.status FROM before.Alerts o WHERE o.id = x.id),
       coalesce(x.severity, '?') || ': ' || coalesce(x.title, x.id)
FROM after.Alerts x
WHERE x.status IS NOT 'Resolved'
  AND NOT EXISTS (SELECT 1 FROM before.Alerts o WHERE o.id = x.id AND o.status IS NOT 'Resolved');
INSERT INTO change
SELECT coalesce(x.machineId, ''), 'defender', 'alert', 'removed', x.id, NULL,
       coalesce(x.severity, '?') || ': ' || coalesce(x.title, x.id),
       (SELECT o.status FROM after.Alerts o WHERE o.id = x.id)
FROM before.Alerts x
WHERE x.status IS NOT 'Resolved'
  AND NOT EXISTS (SELECT 1 FROM after.Alerts o WHERE o.id = x.id AND o.status IS NOT 'Resolved');
INSERT INTO change
SELECT coalesce(a.machineId, ''), 'defender', 'alert', 'changed', a.id, j.key, j.value ->> 0, j.value ->> 1
FROM before.Alerts b
CROSS JOIN after.Alerts a ON a.id = b.id
CROSS JOIN json_each(json_object(
  'machineId', json_array(b.machineId, a.machineId),
  'title', json_array(b.title, a.title),
  'description', json_array(b.description, a.description),
  'severity', json_array(b.severity, a.severity),
  'status', json_array(b.status, a.status),
  'firstEventTime', json_array(b.firstEventTime, a.firstEventTime),
  'alertCreationTime', json_array(b.alertCreationTime, a.alertCreationTime),
  'lastUpdateTime', json_array(b.lastUpdateTime, a.lastUpdateTime))) j
WHERE b.status IS NOT 'Resolved' AND a.status IS NOT 'Resolved'
  AND (b.machineId, b.title, b.description, b.severity, b.status, b.firstEventTime, b.alertCreationTime, b.lastUpdateTime)
    IS NOT (a.machineId, a.title, a.description, a.severity, a.status, a.firstEventTime, a.alertCreationTime, a.lastUpdateTime)
  AND j.value -> 0 <> j.value -> 1;

--------------------------------------------------------------------------------------------------------- software
INSERT INTO change
SELECT DISTINCT s.DeviceId, 'defender', 'software', 'added',
       s.SoftwareVendor || ':' || s.SoftwareName || ':' || s.SoftwareVersion, NULL, NULL, NULL
FROM after.SoftwareVulnerabilities s
WHERE NOT EXISTS (SELECT 1 FROM before.SoftwareVulnerabilities o
                  WHERE (o.DeviceId, o.SoftwareVendor, o.SoftwareName, o.SoftwareVersion)
                      = (s.DeviceId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion));
INSERT INTO change
SELECT DISTINCT s.DeviceId, 'defender', 'software', 'removed',
       s.SoftwareVendor || ':' || s.SoftwareName || ':' || s.SoftwareVersion, NULL, NULL, NULL
FROM before.SoftwareVulnerabilities s
WHERE NOT EXISTS (SELECT 1 FROM after.SoftwareVulnerabilities o
                  WHERE (o.DeviceId, o.SoftwareVendor, o.SoftwareName, o.SoftwareVersion)
                      = (s.DeviceId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion));
INSERT INTO change
SELECT s.DeviceId, 'defender', 'vulnerability', 'added', s.CveId, NULL, NULL,
       'in ' || s.SoftwareVendor || ':' || s.SoftwareName || ':' || s.SoftwareVersion
FROM after.SoftwareVulnerabilities s
WHERE s.CveId <> ''
  AND NOT EXISTS (SELECT 1 FROM before.SoftwareVulnerabilities o
                  WHERE (o.DeviceId, o.SoftwareVendor, o.SoftwareName, o.SoftwareVersion, o.CveId)
                      = (s.DeviceId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion, s.CveId));
INSERT INTO change
SELECT s.DeviceId, 'defender', 'vulnerability', 'removed', s.CveId, NULL,
       'in ' || s.SoftwareVendor || ':' || s.SoftwareName || ':' || s.SoftwareVersion, NULL
FROM before.SoftwareVulnerabilities s
WHERE s.CveId <> ''
  AND NOT EXISTS (SELECT 1 FROM after.SoftwareVulnerabilities o
                  WHERE (o.DeviceId, o.SoftwareVendor, o.SoftwareName, o.SoftwareVersion, o.CveId)
                      = (s.DeviceId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion, s.CveId));

-- The knowledge base is nobody's: one entry counts for all machines.
INSERT INTO change
SELECT '', 'defender', 'knowledge_base', 'added', k.CveId, NULL, NULL, 'CvssScore ' || coalesce(k.CvssScore, 'none')
FROM after.VulnerabilityKb k WHERE NOT EXISTS (SELECT 1 FROM before.VulnerabilityKb o WHERE o.CveId = k.CveId);
INSERT INTO change
SELECT '', 'defender', 'knowledge_base', 'removed', k.CveId, NULL, 'CvssScore ' || coalesce(k.CvssScore, 'none'), NULL
FROM before.VulnerabilityKb k WHERE NOT EXISTS (SELECT 1 FROM after.VulnerabilityKb o WHERE o.CveId = k.CveId);
INSERT INTO change
SELECT '', 'defender', 'knowledge_base', 'changed', b.CveId, j.key, j.value ->> 0, j.value ->> 1
FROM before.VulnerabilityKb b
CROSS JOIN after.VulnerabilityKb a ON a.CveId = b.CveId
CROSS JOIN json_each(json_object(
  'CvssScore', json_array(b.CvssScore, a.CvssScore),
  'VulnerabilityDescription', json_array(b.VulnerabilityDescription, a.VulnerabilityDescription),
  'PublishedDate', json_array(b.PublishedDate, a.PublishedDate))) j
WHERE (b.CvssScore, b.VulnerabilityDescription, b.PublishedDate)
  IS NOT (a.CvssScore, a.VulnerabilityDescription, a.PublishedDate)
  AND j.value -> 0 <> j.value -> 1;
