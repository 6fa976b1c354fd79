-- Nothing is said in many ways. Here they become one, NULL, in all fields that the graph is made of: what comes after this
-- script asks for NULL alone. Runs as soon as machines are staged, since fetch asks about them, and again with all the rest;
-- a second time it finds nothing to do. What stood there is kept in stage.left_out.

-- These words, and texts of blanks alone, are no name, no number and no time.
DROP TABLE IF EXISTS temp.no_value;
CREATE TEMP TABLE no_value (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO no_value VALUES (''), ('-'), ('NaN'), ('Infinity'), ('-Infinity');

-- Every value that is looked at, one row each. `key` names its record; of users and software it is the machine.
DROP VIEW IF EXISTS temp.staged_name;
CREATE TEMP VIEW staged_name (source, row, key, field, value) AS
SELECT 'MachineInfo', rowid, id, 'computerDnsName', computerDnsName FROM stage.MachineInfo UNION ALL
SELECT 'MachineInfo', rowid, id, 'osPlatform', osPlatform FROM stage.MachineInfo UNION ALL
SELECT 'MachineInfo', rowid, id, 'lastIpAddress', lastIpAddress FROM stage.MachineInfo UNION ALL
SELECT 'MachineInfo', rowid, id, 'lastExternalIpAddress', lastExternalIpAddress FROM stage.MachineInfo UNION ALL
SELECT 'Alerts', rowid, id, 'machineId', machineId FROM stage.Alerts UNION ALL
SELECT 'Alerts', rowid, id, 'title', title FROM stage.Alerts UNION ALL
SELECT 'Alerts', rowid, id, 'description', description FROM stage.Alerts UNION ALL
SELECT 'LogonUsers', rowid, machineId, 'accountName', accountName FROM stage.LogonUsers UNION ALL
SELECT 'LogonUsers', rowid, machineId, 'accountDomain', accountDomain FROM stage.LogonUsers UNION ALL
SELECT 'LogonUsers', rowid, machineId, 'accountSid', accountSid FROM stage.LogonUsers UNION ALL
SELECT 'SoftwareVulnerabilities', rowid, DeviceId, 'SoftwareVendor', SoftwareVendor FROM stage.SoftwareVulnerabilities UNION ALL
SELECT 'SoftwareVulnerabilities', rowid, DeviceId, 'SoftwareName', SoftwareName FROM stage.SoftwareVulnerabilities UNION ALL
SELECT 'SoftwareVulnerabilities', rowid, DeviceId, 'SoftwareVersion', SoftwareVersion FROM stage.SoftwareVulnerabilities UNION ALL
SELECT 'SoftwareVulnerabilities', rowid, DeviceId, 'CveId', CveId FROM stage.SoftwareVulnerabilities UNION ALL
SELECT 'SoftwareVulnerabilityChanges', rowid, DeviceId, 'SoftwareVendor', SoftwareVendor FROM stage.SoftwareVulnerabilityChanges UNION ALL
SELECT 'SoftwareVulnerabilityChanges', rowid, DeviceId, 'SoftwareName', SoftwareName FROM stage.SoftwareVulnerabilityChanges UNION ALL
SELECT 'SoftwareVulnerabilityChanges', rowid, DeviceId, 'SoftwareVersion', SoftwareVersion FROM stage.SoftwareVulnerabilityChanges UNION ALL
SELECT 'SoftwareVulnerabilityChanges', rowid, DeviceId, 'CveId', CveId FROM stage.SoftwareVulnerabilityChanges UNION ALL
SELECT 'VulnerabilityKb', rowid, CveId, 'VulnerabilityDescription', VulnerabilityDescription FROM stage.VulnerabilityKb;
DROP VIEW IF EXISTS temp.staged_number;
CREATE TEMP VIEW staged_number (source, row, key, field, value) AS
SELECT 'VulnerabilityKb', rowid, CveId, 'CvssScore', CvssScore FROM stage.VulnerabilityKb UNION ALL
SELECT 'SoftwareVulnerabilities', rowid, DeviceId, 'CvssScore', CvssScore FROM stage.SoftwareVulnerabilities UNION ALL
SELECT 'SoftwareVulnerabilityChanges', rowid, DeviceId, 'CvssScore', CvssScore FROM stage.SoftwareVulnerabilityChanges;
DROP VIEW IF EXISTS temp.staged_time;
CREATE TEMP VIEW staged_time (source, row, key, field, value) AS
SELECT 'MachineInfo', rowid, id, 'firstSeen', firstSeen FROM stage.MachineInfo UNION ALL
SELECT 'MachineInfo', rowid, id, 'lastSeen', lastSeen FROM stage.MachineInfo UNION ALL
SELECT 'MachineNetworkInfo', rowid, DeviceId, 'Timestamp', Timestamp FROM stage.MachineNetworkInfo UNION ALL
SELECT 'Alerts', rowid, id, 'alertCreationTime', alertCreationTime FROM stage.Alerts UNION ALL
SELECT 'Alerts', rowid, id, 'firstEventTime', firstEventTime FROM stage.Alerts UNION ALL
SELECT 'Alerts', rowid, id, 'lastUpdateTime', lastUpdateTime FROM stage.Alerts UNION ALL
SELECT 'Alerts', rowid, id, 'resolvedTime', resolvedTime FROM stage.Alerts UNION ALL
SELECT 'VulnerabilityKb', rowid, CveId, 'PublishedDate', PublishedDate FROM stage.VulnerabilityKb UNION ALL
SELECT 'VulnerabilityKb', rowid, CveId, 'LastModifiedTime', LastModifiedTime FROM stage.VulnerabilityKb UNION ALL
SELECT 'SoftwareVulnerabilityChanges', rowid, DeviceId, 'eventTimestamp', eventTimestamp FROM stage.SoftwareVulnerabilityChanges;

DROP TABLE IF EXISTS temp.meaningless;
CREATE TEMP TABLE meaningless (source TEXT NOT NULL, field TEXT NOT NULL, row INTEGER NOT NULL, key ANY, value TEXT NOT NULL,
  PRIMARY KEY (source, field, row)) STRICT, WITHOUT ROWID;
-- A text that begins with a blank sorts before '.' or after '~': only those are cut.
INSERT OR IGNORE INTO meaningless
SELECT source, field, row, key, value
FROM (SELECT * FROM staged_name UNION ALL SELECT * FROM staged_time)
WHERE typeof(value) = 'text'
  AND (value IN (SELECT word FROM no_value)
       OR (value < '.' OR value > '~')
          AND trim(value, char(9, 10, 11, 12, 13, 32, 160, 8203, 12288, 65279)) IN (SELECT word FROM no_value));
INSERT OR IGNORE INTO meaningless
SELECT source, field, row, key, value
FROM staged_number
WHERE typeof(value) = 'text'
  AND lower(trim(value, char(9, 10, 11, 12, 13, 32, 160, 8203, 12288, 65279)))
      IN (SELECT lower(word) FROM no_value UNION ALL VALUES ('inf'), ('+inf'), ('-inf'));  -- INF: OData's own word
-- A year before 1970 is a program's word for no time (0001-01-01, 1601-01-01, 1900-01-01 …).
INSERT OR IGNORE INTO meaningless
SELECT source, field, row, key, value
FROM staged_time
WHERE typeof(value) = 'text' AND value < '1970-01-02' AND value GLOB '[0-9][0-9][0-9][0-9]-*'
  AND coalesce(julianday(value) < 2440587.5, 1);

-- An empty text is what Defender says most of the time where there is nothing: nobody asks why.
INSERT OR IGNORE INTO stage.left_out
SELECT source, key, field, value FROM meaningless WHERE value <> '' AND typeof(key) = 'text';

UPDATE stage.MachineInfo SET computerDnsName = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'MachineInfo' AND field = 'computerDnsName');
UPDATE stage.MachineInfo SET osPlatform = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'MachineInfo' AND field = 'osPlatform');
UPDATE stage.MachineInfo SET lastIpAddress = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'MachineInfo' AND field = 'lastIpAddress');
UPDATE stage.MachineInfo SET lastExternalIpAddress = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'MachineInfo' AND field = 'lastExternalIpAddress');
UPDATE stage.MachineInfo SET firstSeen = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'MachineInfo' AND field = 'firstSeen');
UPDATE stage.MachineInfo SET lastSeen = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'MachineInfo' AND field = 'lastSeen');
UPDATE stage.MachineNetworkInfo SET Timestamp = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'MachineNetworkInfo' AND field = 'Timestamp');
UPDATE stage.Alerts SET machineId = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'Alerts' AND field = 'machineId');
UPDATE stage.Alerts SET title = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'Alerts' AND field = 'title');
UPDATE stage.Alerts SET description = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'Alerts' AND field = 'description');
UPDATE stage.Alerts SET alertCreationTime = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'Alerts' AND field = 'alertCreationTime');
UPDATE stage.Alerts SET firstEventTime = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'Alerts' AND field = 'firstEventTime');
UPDATE stage.Alerts SET lastUpdateTime = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'Alerts' AND field = 'lastUpdateTime');
UPDATE stage.Alerts SET resolvedTime = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'Alerts' AND field = 'resolvedTime');
UPDATE stage.LogonUsers SET accountName = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'LogonUsers' AND field = 'accountName');
UPDATE stage.LogonUsers SET accountDomain = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'LogonUsers' AND field = 'accountDomain');
UPDATE stage.LogonUsers SET accountSid = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'LogonUsers' AND field = 'accountSid');
UPDATE stage.SoftwareVulnerabilities SET SoftwareVendor = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilities' AND field = 'SoftwareVendor');
UPDATE stage.SoftwareVulnerabilities SET SoftwareName = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilities' AND field = 'SoftwareName');
UPDATE stage.SoftwareVulnerabilities SET SoftwareVersion = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilities' AND field = 'SoftwareVersion');
UPDATE stage.SoftwareVulnerabilities SET CveId = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilities' AND field = 'CveId');
UPDATE stage.SoftwareVulnerabilities SET CvssScore = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilities' AND field = 'CvssScore');
UPDATE stage.SoftwareVulnerabilityChanges SET SoftwareVendor = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilityChanges' AND field = 'SoftwareVendor');
UPDATE stage.SoftwareVulnerabilityChanges SET SoftwareName = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilityChanges' AND field = 'SoftwareName');
UPDATE stage.SoftwareVulnerabilityChanges SET SoftwareVersion = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilityChanges' AND field = 'SoftwareVersion');
UPDATE stage.SoftwareVulnerabilityChanges SET CveId = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilityChanges' AND field = 'CveId');
UPDATE stage.SoftwareVulnerabilityChanges SET CvssScore = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilityChanges' AND field = 'CvssScore');
UPDATE stage.SoftwareVulnerabilityChanges SET eventTimestamp = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'SoftwareVulnerabilityChanges' AND field = 'eventTimestamp');
UPDATE stage.VulnerabilityKb SET CvssScore = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'VulnerabilityKb' AND field = 'CvssScore');
UPDATE stage.VulnerabilityKb SET VulnerabilityDescription = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'VulnerabilityKb' AND field = 'VulnerabilityDescription');
UPDATE stage.VulnerabilityKb SET PublishedDate = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'VulnerabilityKb' AND field = 'PublishedDate');
UPDATE stage.VulnerabilityKb SET LastModifiedTime = NULL
WHERE rowid IN (SELECT row FROM meaningless WHERE source = 'VulnerabilityKb' AND field = 'LastModifiedTime');
