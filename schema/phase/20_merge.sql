-- Times are cut to milliseconds, not rounded, as every other reader of these services does; only one with an explicit offset
-- (none is documented) is left to SQLite whole.

-- stage → mirror. Staged rows outermost, then look-ups by key: the planner has no statistics of a fresh stage.

INSERT INTO MachineInfo (id, computerDnsName, osPlatform, healthStatus, firstSeen, lastSeen, lastIpAddress,
  lastExternalIpAddress, ipAddresses, onboardingStatus, version, riskScore, exposureLevel, rbacGroupName, run_id, usersReadAt,
  ahead, deviceValue, machineTags, isExcluded, mergedIntoMachineId)
SELECT s.id, s.computerDnsName, s.osPlatform, s.healthStatus,
       strftime('%Y-%m-%dT%H:%M:%fZ', CASE typeof(s.firstSeen) WHEN 'text' THEN s.firstSeen END),
       strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN s.lastSeen GLOB '*[+-]??:??' THEN s.lastSeen ELSE substr(rtrim(s.lastSeen, 'Z'), 1, 23) END), s.lastIpAddress, s.lastExternalIpAddress, coalesce(s.ipAddresses, '[]'),
       CAST(s.onboardingStatus AS TEXT), CAST(s.version AS TEXT), CAST(s.riskScore AS TEXT), CAST(s.exposureLevel AS TEXT),
       CAST(s.rbacGroupName AS TEXT), (SELECT run_id FROM stage.run), NULL,
       coalesce(s.lastSeen > (SELECT soon FROM reading_clock)
                AND strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN s.lastSeen GLOB '*[+-]??:??' THEN s.lastSeen ELSE substr(rtrim(s.lastSeen, 'Z'), 1, 23) END)
                    > (SELECT soon FROM reading_clock), 0),
       CAST(s.deviceValue AS TEXT), coalesce(s.machineTags, '[]'), s.isExcluded IS 1,
       CASE length(s.mergedIntoMachineId)  -- as ids of machines are (engine/fetch/machine_ids.h)
         WHEN 40 THEN coalesce((SELECT f.known FROM machine_id_form f WHERE f.id = lower(s.mergedIntoMachineId)),
                               lower(s.mergedIntoMachineId))
         ELSE s.mergedIntoMachineId END
FROM stage.MachineInfo s
WHERE s.set_aside IS NULL
ON CONFLICT DO UPDATE SET
  computerDnsName = excluded.computerDnsName, osPlatform = excluded.osPlatform, healthStatus = excluded.healthStatus,
  firstSeen = excluded.firstSeen, lastSeen = excluded.lastSeen, lastIpAddress = excluded.lastIpAddress,
  lastExternalIpAddress = excluded.lastExternalIpAddress, ipAddresses = excluded.ipAddresses,
  onboardingStatus = excluded.onboardingStatus, version = excluded.version, riskScore = excluded.riskScore,
  exposureLevel = excluded.exposureLevel, rbacGroupName = excluded.rbacGroupName, run_id = excluded.run_id,
  ahead = excluded.ahead, deviceValue = excluded.deviceValue, machineTags = excluded.machineTags,
  isExcluded = excluded.isExcluded, mergedIntoMachineId = excluded.mergedIntoMachineId
WHERE (computerDnsName, osPlatform, healthStatus, firstSeen, lastSeen, lastIpAddress, lastExternalIpAddress, ipAddresses,
       onboardingStatus, version, riskScore, exposureLevel, rbacGroupName, ahead, deviceValue, machineTags, isExcluded,
       mergedIntoMachineId)
  IS NOT (excluded.computerDnsName, excluded.osPlatform, excluded.healthStatus, excluded.firstSeen, excluded.lastSeen,
          excluded.lastIpAddress, excluded.lastExternalIpAddress, excluded.ipAddresses, excluded.onboardingStatus,
          excluded.version, excluded.riskScore, excluded.exposureLevel, excluded.rbacGroupName, excluded.ahead,
          excluded.deviceValue, excluded.machineTags, excluded.isExcluded, excluded.mergedIntoMachineId)
  -- One older than what is known is no news.
  AND (ahead OR coalesce(excluded.lastSeen >= lastSeen, 1));

-- Machines that are gone keep their network, users and software here: they count again when the machine is back.
INSERT OR IGNORE INTO touched SELECT g.id, 'all' FROM stage.gone_machine g
WHERE EXISTS (SELECT 1 FROM removes WHERE dataset = 'machines');
DELETE FROM MachineInfo WHERE id IN (SELECT id FROM stage.gone_machine)
  AND EXISTS (SELECT 1 FROM removes WHERE dataset = 'machines');

---------------------------------------------------------------------------------------------------------- network
-- A row that cannot be read was part of that adapter's report all the same: the adapter stays as last known, at the row's time.
-- Where the time is what cannot be read, one that was in the machine's newest report so far stays in it.
DROP TABLE IF EXISTS temp.unread_adapter;
CREATE TEMP TABLE unread_adapter (DeviceId TEXT, NetworkAdapterName TEXT, MacAddress TEXT, at TEXT,
  was_current INTEGER NOT NULL) STRICT;
INSERT INTO unread_adapter
SELECT s.DeviceId, coalesce(s.NetworkAdapterName, ''), coalesce(s.MacAddress, ''),
       CASE WHEN typeof(s.Timestamp) = 'text' AND s.Timestamp GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' THEN
         strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN s.Timestamp GLOB '*[+-]??:??' THEN s.Timestamp ELSE substr(rtrim(s.Timestamp, 'Z'), 1, 23) END) END,
       EXISTS (SELECT 1 FROM current_adapter c
               WHERE (c.DeviceId, c.NetworkAdapterName, c.MacAddress)
                   = (s.DeviceId, coalesce(s.NetworkAdapterName, ''), coalesce(s.MacAddress, '')))
FROM stage.MachineNetworkInfo s
WHERE s.set_aside IS NOT NULL AND typeof(s.DeviceId) = 'text' AND typeof(s.NetworkAdapterName) IN ('text', 'null')
  AND typeof(s.MacAddress) IN ('text', 'null');
UPDATE unread_adapter SET at = (SELECT now FROM reading_clock) WHERE at > (SELECT latest FROM reading_clock);

-- The newest row an adapter wins, whichever run brought it.
INSERT INTO MachineNetworkInfo (DeviceId, NetworkAdapterName, MacAddress, IPAddresses, Timestamp, run_id, NetworkAdapterStatus)
SELECT DeviceId, coalesce(NetworkAdapterName, ''), coalesce(MacAddress, ''),
       CASE WHEN IPAddresses IS NULL OR IPAddresses IN ('', 'null') THEN '[]' ELSE IPAddresses END,
       strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN Timestamp GLOB '*[+-]??:??' THEN Timestamp ELSE substr(rtrim(Timestamp, 'Z'), 1, 23) END), (SELECT run_id FROM stage.run),
       CASE typeof(NetworkAdapterStatus) WHEN 'text' THEN NetworkAdapterStatus END
FROM stage.MachineNetworkInfo
WHERE set_aside IS NULL
  AND julianday(Timestamp) > julianday((SELECT now FROM stage.run), '-30 days')
ON CONFLICT DO UPDATE SET IPAddresses = excluded.IPAddresses, Timestamp = excluded.Timestamp, run_id = excluded.run_id,
  NetworkAdapterStatus = excluded.NetworkAdapterStatus
WHERE excluded.Timestamp > Timestamp OR Timestamp > (SELECT latest FROM reading_clock)
   OR (excluded.Timestamp = Timestamp
       AND (excluded.IPAddresses, excluded.NetworkAdapterStatus) IS NOT (IPAddresses, NetworkAdapterStatus));

UPDATE unread_adapter SET at = (SELECT max(n.Timestamp) FROM MachineNetworkInfo n WHERE n.DeviceId = unread_adapter.DeviceId)
WHERE at IS NULL AND was_current;
UPDATE MachineNetworkInfo AS n SET Timestamp = u.at, run_id = (SELECT run_id FROM stage.run)
FROM unread_adapter u
WHERE (n.DeviceId, n.NetworkAdapterName, n.MacAddress) = (u.DeviceId, u.NetworkAdapterName, u.MacAddress)
  AND n.Timestamp < u.at
  AND u.at = (SELECT max(o.at) FROM unread_adapter o  -- of several such rows the newest
              WHERE (o.DeviceId, o.NetworkAdapterName, o.MacAddress) = (u.DeviceId, u.NetworkAdapterName, u.MacAddress));

-- A reading of all 30 days has every row that counts. (Defender counts these days by its own clock.)
DROP TABLE IF EXISTS temp.staged_adapter;
CREATE TEMP TABLE staged_adapter (DeviceId TEXT, NetworkAdapterName TEXT, MacAddress TEXT,
  PRIMARY KEY (DeviceId, NetworkAdapterName, MacAddress)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO staged_adapter
SELECT DeviceId, coalesce(NetworkAdapterName, ''), coalesce(MacAddress, '') FROM stage.MachineNetworkInfo
WHERE set_aside IS NULL;
UPDATE stage.dataset SET duplicates = (SELECT count(*) FROM stage.MachineNetworkInfo WHERE set_aside IS NULL)
                                    - (SELECT count(*) FROM staged_adapter)
WHERE name = 'network' AND (SELECT digest FROM stage.run) IS NULL;  -- a snapshot has been through this
DELETE FROM MachineNetworkInfo
WHERE (DeviceId, NetworkAdapterName, MacAddress) IN (
  SELECT n.DeviceId, n.NetworkAdapterName, n.MacAddress
  FROM aging CROSS JOIN removes r CROSS JOIN MachineNetworkInfo n
  WHERE r.dataset = 'network' AND r.whole
    AND NOT EXISTS (SELECT 1 FROM staged_adapter s
                    WHERE (s.DeviceId, s.NetworkAdapterName, s.MacAddress)
                        = (n.DeviceId, n.NetworkAdapterName, n.MacAddress))
    AND n.DeviceId NOT IN (SELECT key FROM unread WHERE dataset = 'network'));

-- Rows older than 30 days count no longer.
DELETE FROM MachineNetworkInfo
WHERE Timestamp <= strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM aging), '-30 days')
  AND EXISTS (SELECT 1 FROM removes WHERE dataset = 'network');

------------------------------------------------------------------------------------------------------------ users
-- One reading holds all of a machine's users; completeness is per machine. (Hunting's are those of 30 days by its clock.)
-- Of several rows of one account (hunting has it in two tables) any may tell its SID.
DROP TABLE IF EXISTS temp.staged_user;
CREATE TEMP TABLE staged_user (machineId TEXT, accountName TEXT, accountDomain TEXT, accountSid TEXT,
  PRIMARY KEY (machineId, accountName, accountDomain)) STRICT, WITHOUT ROWID;
INSERT INTO staged_user
SELECT machineId, accountName, coalesce(CASE typeof(accountDomain) WHEN 'text' THEN accountDomain END, ''),
       CASE typeof(accountSid) WHEN 'text' THEN accountSid END
FROM stage.LogonUsers WHERE set_aside IS NULL AND accountName <> '' AND typeof(machineId) = 'text'
ON CONFLICT DO UPDATE SET accountSid = excluded.accountSid WHERE excluded.accountSid > coalesce(accountSid, '');
-- Keys with the domain are in lower case. (lower() knows ASCII alone: letters of Latin, Greek and Cyrillic beyond it are told by
-- their numbers.)
DROP TABLE IF EXISTS temp.account_text;
CREATE TEMP TABLE account_text (text TEXT PRIMARY KEY, key TEXT) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO account_text
SELECT t.text, lower(t.text)
FROM (SELECT 1 FROM stage.run WHERE account_key = 'domain-name') CROSS JOIN (
  SELECT coalesce(nullif(accountDomain, '') || '\', '') || accountName AS text FROM staged_user
  UNION ALL
  SELECT coalesce(nullif(accountDomain, '') || '\', '') || accountName FROM account_key_moved CROSS JOIN LogonUsers) t;
UPDATE account_text SET key = (
  WITH RECURSIVE lowered(position, done) AS (
    SELECT 1, ''
    UNION ALL
    SELECT position + 1, done || (
      SELECT char(CASE
          WHEN (code BETWEEN 192 AND 222 AND code <> 215) OR code BETWEEN 913 AND 939 OR code BETWEEN 1040 AND 1071
            THEN code + 32
          WHEN (code BETWEEN 256 AND 311 OR code BETWEEN 330 AND 375) AND code NOT IN (304, 305) AND code % 2 = 0 THEN code + 1
          WHEN (code BETWEEN 313 AND 328 OR code BETWEEN 377 AND 382) AND code % 2 = 1 THEN code + 1
          WHEN code = 376 THEN 255
          WHEN code = 902 THEN 940
          WHEN code BETWEEN 904 AND 906 THEN code + 37
          WHEN code = 908 THEN 972
          WHEN code IN (910, 911) THEN code + 63
          WHEN code BETWEEN 1024 AND 1039 THEN code + 80
          ELSE code END)
      FROM (SELECT unicode(substr(account_text.key, position, 1)) AS code))
    FROM lowered WHERE position <= length(account_text.key))
  SELECT done FROM lowered ORDER BY position DESC LIMIT 1)
WHERE key GLOB '*[^ -~]*';
UPDATE LogonUsers SET accountKey =
  (SELECT k.key FROM account_text k WHERE k.text = coalesce(nullif(accountDomain, '') || '\', '') || accountName)
WHERE machineId IN (SELECT u.machineId FROM account_key_moved CROSS JOIN LogonUsers u);
INSERT INTO LogonUsers (machineId, accountName, accountDomain, run_id, accountSid, accountKey)
SELECT u.machineId, u.accountName, u.accountDomain, (SELECT run_id FROM stage.run), u.accountSid,
       (SELECT k.key FROM account_text k WHERE k.text = coalesce(nullif(u.accountDomain, '') || '\', '') || u.accountName)
FROM staged_user u CROSS JOIN stage.users_reading r ON r.machineId = u.machineId AND r.state = 'read'
WHERE true
ON CONFLICT DO UPDATE SET accountSid = excluded.accountSid, run_id = excluded.run_id
WHERE accountSid IS NOT excluded.accountSid;
DELETE FROM LogonUsers
WHERE machineId IN (SELECT u.machineId FROM stage.run r CROSS JOIN stage.users_reading u WHERE u.state = 'read' AND u.not_understood = 0 AND NOT r.pruned
                      AND (r.clock_agreed OR u.source = 'api')
                    EXCEPT SELECT key FROM unread WHERE dataset = 'users')
  AND NOT EXISTS (SELECT 1 FROM staged_user s
                  WHERE (s.machineId, s.accountName, s.accountDomain)
                      = (LogonUsers.machineId, LogonUsers.accountName, LogonUsers.accountDomain))
  AND NOT EXISTS (SELECT 1 FROM withheld w CROSS JOIN withheld_dataset t ON t.kind = w.kind AND t.dataset = 'users')
  AND NOT EXISTS (SELECT 1 FROM unnamed WHERE dataset = 'users');

-- One whose removals are withheld still has users that the answer lacks: it is asked again at the next run.
UPDATE MachineInfo SET usersReadAt =
  CASE WHEN EXISTS (SELECT 1 FROM stage.run r CROSS JOIN withheld WHERE r.pruned) THEN NULL
       WHEN EXISTS (SELECT 1 FROM stage.run r WHERE r.pruned AND NOT r.clock_agreed) THEN NULL
       WHEN (SELECT pruned FROM stage.run) THEN lastSeen
       WHEN EXISTS (SELECT 1 FROM LogonUsers u
                    WHERE u.machineId = MachineInfo.id
                      AND NOT EXISTS (SELECT 1 FROM staged_user s
                                      WHERE (s.machineId, s.accountName, s.accountDomain)
                                          = (u.machineId, u.accountName, u.accountDomain)))
       THEN NULL ELSE lastSeen END
WHERE id IN (SELECT machineId FROM stage.users_reading WHERE state = 'read' AND not_understood = 0
             EXCEPT SELECT key FROM unread WHERE dataset = 'users');

----------------------------------------------------------------------------------------------------------- alerts
INSERT INTO Alerts
SELECT id, machineId, title, description, severity, status,
       strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN alertCreationTime GLOB '*[+-]??:??' THEN alertCreationTime ELSE substr(rtrim(alertCreationTime, 'Z'), 1, 23) END), strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN firstEventTime GLOB '*[+-]??:??' THEN firstEventTime ELSE substr(rtrim(firstEventTime, 'Z'), 1, 23) END),
       strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN lastUpdateTime GLOB '*[+-]??:??' THEN lastUpdateTime ELSE substr(rtrim(lastUpdateTime, 'Z'), 1, 23) END),
       strftime('%Y-%m-%dT%H:%M:%fZ', CASE typeof(resolvedTime) WHEN 'text' THEN resolvedTime END),
       (SELECT run_id FROM stage.run)
FROM stage.Alerts
WHERE set_aside IS NULL
ON CONFLICT DO UPDATE SET
  machineId = excluded.machineId, title = excluded.title, description = excluded.description,
  severity = excluded.severity, status = excluded.status, alertCreationTime = excluded.alertCreationTime,
  firstEventTime = excluded.firstEventTime, lastUpdateTime = excluded.lastUpdateTime,
  resolvedTime = excluded.resolvedTime, run_id = excluded.run_id
WHERE (machineId, title, description, severity, status, alertCreationTime, firstEventTime, lastUpdateTime)
  IS NOT (excluded.machineId, excluded.title, excluded.description, excluded.severity, excluded.status,
          excluded.alertCreationTime, excluded.firstEventTime, excluded.lastUpdateTime)
  -- Older than what is known: no news. (A known time that is still ahead of Defender's clock outweighs nothing.)
  AND (coalesce(excluded.lastUpdateTime >= lastUpdateTime, 1) OR lastUpdateTime > (SELECT latest FROM reading_clock));

-- All that is not Resolved was asked for: what is missing is resolved or gone.
DELETE FROM Alerts
WHERE id IN (
  SELECT a.id FROM removes r CROSS JOIN Alerts a
  WHERE r.dataset = 'alerts' AND r.whole
    AND a.id NOT IN (SELECT id FROM stage.Alerts WHERE typeof(id) = 'text')
    AND NOT EXISTS (SELECT 1 FROM unlisted u WHERE u.machine = a.machineId));

------------------------------------------------------------------------------------------------- vulnerabilities
-- Names become numbers; a row that comes twice counts once.
INSERT OR IGNORE INTO software (SoftwareVendor, SoftwareName, SoftwareVersion, CveId)
SELECT coalesce(SoftwareVendor, ''), coalesce(SoftwareName, ''), coalesce(SoftwareVersion, ''), coalesce(CveId, '')
FROM stage.SoftwareVulnerabilities WHERE set_aside IS NULL;
INSERT OR IGNORE INTO vertex (collection, key)
SELECT 'asset', DeviceId FROM (SELECT DISTINCT DeviceId FROM stage.SoftwareVulnerabilities WHERE set_aside IS NULL)
ORDER BY DeviceId;

DROP TABLE IF EXISTS temp.staged_software;
CREATE TEMP TABLE staged_software (machine_id INTEGER, software_id INTEGER,
  PRIMARY KEY (machine_id, software_id)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO staged_software
SELECT v.vertex_id, w.software_id
FROM stage.SoftwareVulnerabilities s
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = s.DeviceId
CROSS JOIN software w
  ON (w.CveId, w.SoftwareVendor, w.SoftwareName, w.SoftwareVersion)
   = (coalesce(s.CveId, ''), coalesce(s.SoftwareVendor, ''), coalesce(s.SoftwareName, ''), coalesce(s.SoftwareVersion, ''))
WHERE s.set_aside IS NULL;
INSERT OR IGNORE INTO machine_software SELECT machine_id, software_id, (SELECT run_id FROM stage.run) FROM staged_software;

-- A machine's rows are replaced by those of the answer; that the answer has none counts only for a machine that is not
-- Inactive and was seen within 7 days: a patched machine loses its edges, a silent one keeps what was last known.
DROP TABLE IF EXISTS temp.reread_software;
CREATE TEMP TABLE reread_software (machine_id INTEGER PRIMARY KEY) STRICT;
INSERT OR IGNORE INTO reread_software
SELECT machine_id FROM staged_software WHERE EXISTS (SELECT 1 FROM removes WHERE dataset = 'vulnerabilities');
INSERT OR IGNORE INTO reread_software
SELECT v.vertex_id
FROM removes r
CROSS JOIN MachineInfo m
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = m.id
WHERE r.dataset = 'vulnerabilities' AND r.whole AND m.healthStatus IS NOT 'Inactive'
  AND m.lastSeen > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM aging), '-7 days');
INSERT OR IGNORE INTO reread_software
SELECT v.vertex_id
FROM removes r
CROSS JOIN stage.software_reading a
CROSS JOIN MachineInfo m ON m.id = a.DeviceId
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = m.id
WHERE r.dataset = 'vulnerabilities' AND NOT r.whole AND m.healthStatus IS NOT 'Inactive'
  AND m.lastSeen > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM aging), '-7 days');
DELETE FROM reread_software WHERE machine_id IN (
  SELECT v.vertex_id FROM unread u CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = u.key
  WHERE u.dataset = 'vulnerabilities');

DELETE FROM machine_software
WHERE machine_id IN (SELECT machine_id FROM reread_software)
  AND NOT EXISTS (SELECT 1 FROM staged_software s  -- not NOT IN: that scans for NULLs at every row it does not find
                  WHERE s.machine_id = machine_software.machine_id AND s.software_id = machine_software.software_id);

------------------------------------------------------------------------------------------- of a pruned snapshot
DELETE FROM MachineNetworkInfo
WHERE (DeviceId, NetworkAdapterName, MacAddress) IN (
  SELECT g.DeviceId, g.NetworkAdapterName, g.MacAddress FROM stage.run r CROSS JOIN stage.gone_adapter g WHERE r.pruned);
DELETE FROM LogonUsers
WHERE (machineId, accountName, accountDomain) IN (
  SELECT g.machineId, g.accountName, g.accountDomain FROM stage.run r CROSS JOIN stage.gone_user g WHERE r.pruned);
DELETE FROM Alerts WHERE id IN (SELECT g.id FROM stage.run r CROSS JOIN stage.gone_alert g WHERE r.pruned);
DELETE FROM machine_software
WHERE (machine_id, software_id) IN (
  SELECT v.vertex_id, s.software_id
  FROM stage.run r
  CROSS JOIN stage.gone_software g
  CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = g.DeviceId
  CROSS JOIN software s ON (s.CveId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion)
                         = (g.CveId, g.SoftwareVendor, g.SoftwareName, g.SoftwareVersion)
  WHERE r.pruned);

--------------------------------------------------------------------------------------------------- knowledge base
-- A CVE missing from the knowledge base's answer keeps its last entry.
INSERT INTO VulnerabilityKb
SELECT CveId, CAST(CvssScore AS REAL), VulnerabilityDescription, strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN PublishedDate GLOB '*[+-]??:??' THEN PublishedDate ELSE substr(rtrim(PublishedDate, 'Z'), 1, 23) END),
       strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN typeof(LastModifiedTime) <> 'text' THEN NULL WHEN LastModifiedTime GLOB '*[+-]??:??' THEN LastModifiedTime ELSE substr(rtrim(LastModifiedTime, 'Z'), 1, 23) END),
       (SELECT run_id FROM stage.run)
FROM stage.VulnerabilityKb
WHERE set_aside IS NULL
ON CONFLICT DO UPDATE SET
  CvssScore = excluded.CvssScore, VulnerabilityDescription = excluded.VulnerabilityDescription,
  PublishedDate = excluded.PublishedDate, LastModifiedTime = excluded.LastModifiedTime, run_id = excluded.run_id
WHERE (CvssScore, VulnerabilityDescription, PublishedDate, LastModifiedTime)
  IS NOT (excluded.CvssScore, excluded.VulnerabilityDescription, excluded.PublishedDate, excluded.LastModifiedTime)
  AND (coalesce(excluded.LastModifiedTime >= LastModifiedTime, 1) OR LastModifiedTime > (SELECT latest FROM reading_clock));

---------------------------------------------------------------------------------------------------- what meant nothing
-- What was noted of a record goes when the record is read again. (Changes of the software are no whole reading of a machine.
-- The software's table is read only where something is noted.)
DELETE FROM left_out WHERE source = 'MachineInfo' AND record_key IN (SELECT id FROM stage.MachineInfo);
DELETE FROM left_out WHERE source = 'Alerts' AND record_key IN (SELECT id FROM stage.Alerts);
DELETE FROM left_out WHERE source = 'VulnerabilityKb' AND record_key IN (SELECT CveId FROM stage.VulnerabilityKb);
DELETE FROM left_out WHERE source = 'LogonUsers'
  AND record_key IN (SELECT machineId FROM stage.users_reading WHERE state = 'read');
DELETE FROM left_out WHERE source IN ('SoftwareVulnerabilities', 'SoftwareVulnerabilityChanges')
  AND record_key IN (SELECT s.DeviceId
                     FROM (SELECT 1 FROM left_out
                           WHERE source IN ('SoftwareVulnerabilities', 'SoftwareVulnerabilityChanges') LIMIT 1)
                     CROSS JOIN stage.SoftwareVulnerabilities s);
INSERT OR REPLACE INTO left_out
SELECT source, record_key, field, value, (SELECT run_id FROM stage.run) FROM stage.left_out;
