-- Nothing is said in many ways. Here they become one, NULL, in all fields that the graph is made of: what comes after this
-- script asks for NULL alone. Runs as soon as machines are staged, since fetch asks about them, and again with all the rest;
-- a second time it finds nothing to do. What stood there is kept in stage.left_out.

-- Most users have no SID, which is an empty text.
UPDATE stage.LogonUsers SET accountSid = NULL WHERE accountSid = '';

-- Nearly all values say something: one pass a table, by comparisons alone, finds the rows where one may not. Names that begin
-- with a blank sort before '.' or after '~', and what is no time after 1970 before '1970-01-02' or after all digits. Of
-- software, which has most rows, all but the usual form is looked at: names in small letters, versions in digits, CVE-….
DROP TABLE IF EXISTS temp.doubtful;
CREATE TEMP TABLE doubtful (source TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (source, row)) STRICT, WITHOUT ROWID;
INSERT INTO doubtful SELECT 'MachineInfo', rowid FROM stage.MachineInfo
WHERE computerDnsName NOT BETWEEN '.' AND '~' OR computerDnsName IN ('NaN', 'Infinity')
   OR osPlatform NOT BETWEEN '.' AND '~' OR osPlatform IN ('NaN', 'Infinity')
   OR lastIpAddress NOT BETWEEN '.' AND '~' OR lastIpAddress IN ('NaN', 'Infinity')
   OR lastExternalIpAddress NOT BETWEEN '.' AND '~' OR lastExternalIpAddress IN ('NaN', 'Infinity')
   OR onboardingStatus NOT BETWEEN '.' AND '~' OR onboardingStatus IN ('NaN', 'Infinity')
   OR rbacGroupName NOT BETWEEN '.' AND '~' OR rbacGroupName IN ('NaN', 'Infinity')
   OR mergedIntoMachineId NOT BETWEEN '.' AND '~' OR mergedIntoMachineId IN ('NaN', 'Infinity')
   OR firstSeen NOT BETWEEN '1970-01-02' AND '9~'
   OR lastSeen NOT BETWEEN '1970-01-02' AND '9~';
INSERT INTO doubtful SELECT 'MachineNetworkInfo', rowid FROM stage.MachineNetworkInfo
WHERE Timestamp NOT BETWEEN '1970-01-02' AND '9~';
INSERT INTO doubtful SELECT 'Alerts', rowid FROM stage.Alerts
WHERE machineId NOT BETWEEN '.' AND '~' OR machineId IN ('NaN', 'Infinity')
   OR title NOT BETWEEN '.' AND '~' OR title IN ('NaN', 'Infinity')
   OR description NOT BETWEEN '.' AND '~' OR description IN ('NaN', 'Infinity')
   OR alertCreationTime NOT BETWEEN '1970-01-02' AND '9~'
   OR firstEventTime NOT BETWEEN '1970-01-02' AND '9~'
   OR lastUpdateTime NOT BETWEEN '1970-01-02' AND '9~'
   OR resolvedTime NOT BETWEEN '1970-01-02' AND '9~';
INSERT INTO doubtful SELECT 'LogonUsers', rowid FROM stage.LogonUsers
WHERE accountName NOT BETWEEN '.' AND '~' OR accountName IN ('NaN', 'Infinity')
   OR accountDomain NOT BETWEEN '.' AND '~' OR accountDomain IN ('NaN', 'Infinity')
   OR accountSid NOT BETWEEN '.' AND '~' OR accountSid IN ('NaN', 'Infinity');
INSERT INTO doubtful SELECT 'SoftwareVulnerabilities', rowid FROM stage.SoftwareVulnerabilities
WHERE SoftwareVendor NOT BETWEEN 'a' AND '~'
   OR SoftwareName NOT BETWEEN 'a' AND '~'
   OR SoftwareVersion NOT BETWEEN '0' AND '9~'
   OR CveId NOT BETWEEN 'CVE' AND 'CVF'
   OR (CvssScore IS NOT NULL AND typeof(CvssScore) = 'text' AND CvssScore NOT BETWEEN '0' AND '9~');
INSERT INTO doubtful SELECT 'SoftwareVulnerabilityChanges', rowid FROM stage.SoftwareVulnerabilityChanges
WHERE SoftwareVendor NOT BETWEEN 'a' AND '~'
   OR SoftwareName NOT BETWEEN 'a' AND '~'
   OR SoftwareVersion NOT BETWEEN '0' AND '9~'
   OR CveId NOT BETWEEN 'CVE' AND 'CVF'
   OR (CvssScore IS NOT NULL AND typeof(CvssScore) = 'text' AND CvssScore NOT BETWEEN '0' AND '9~')
   OR eventTimestamp NOT BETWEEN '1970-01-02' AND '9~';
INSERT INTO doubtful SELECT 'VulnerabilityKb', rowid FROM stage.VulnerabilityKb
WHERE VulnerabilityDescription NOT BETWEEN '.' AND '~' OR VulnerabilityDescription IN ('NaN', 'Infinity')
   OR (CvssScore IS NOT NULL AND typeof(CvssScore) = 'text' AND CvssScore NOT BETWEEN '0' AND '9~')
   OR PublishedDate NOT BETWEEN '1970-01-02' AND '9~'
   OR LastModifiedTime NOT BETWEEN '1970-01-02' AND '9~';

-- The fields that the graph is made of.
DROP TABLE IF EXISTS temp.graph_field;
CREATE TEMP TABLE graph_field (source TEXT, field TEXT, kind TEXT NOT NULL, PRIMARY KEY (source, field)) STRICT, WITHOUT ROWID;
INSERT INTO graph_field VALUES
  ('MachineInfo', 'computerDnsName', 'name'), ('MachineInfo', 'osPlatform', 'name'),
  ('MachineInfo', 'lastIpAddress', 'name'), ('MachineInfo', 'lastExternalIpAddress', 'name'),
  ('MachineInfo', 'onboardingStatus', 'name'), ('MachineInfo', 'rbacGroupName', 'name'),
  ('MachineInfo', 'mergedIntoMachineId', 'name'),
  ('MachineInfo', 'firstSeen', 'time'), ('MachineInfo', 'lastSeen', 'time'),
  ('MachineNetworkInfo', 'Timestamp', 'time'),
  ('Alerts', 'machineId', 'name'), ('Alerts', 'title', 'name'), ('Alerts', 'description', 'name'),
  ('Alerts', 'alertCreationTime', 'time'), ('Alerts', 'firstEventTime', 'time'), ('Alerts', 'lastUpdateTime', 'time'),
  ('Alerts', 'resolvedTime', 'time'),
  ('LogonUsers', 'accountName', 'name'), ('LogonUsers', 'accountDomain', 'name'), ('LogonUsers', 'accountSid', 'name'),
  ('SoftwareVulnerabilities', 'SoftwareVendor', 'name'), ('SoftwareVulnerabilities', 'SoftwareName', 'name'),
  ('SoftwareVulnerabilities', 'SoftwareVersion', 'name'), ('SoftwareVulnerabilities', 'CveId', 'name'),
  ('SoftwareVulnerabilities', 'CvssScore', 'number'),
  ('SoftwareVulnerabilityChanges', 'SoftwareVendor', 'name'), ('SoftwareVulnerabilityChanges', 'SoftwareName', 'name'),
  ('SoftwareVulnerabilityChanges', 'SoftwareVersion', 'name'), ('SoftwareVulnerabilityChanges', 'CveId', 'name'),
  ('SoftwareVulnerabilityChanges', 'CvssScore', 'number'), ('SoftwareVulnerabilityChanges', 'eventTimestamp', 'time'),
  ('VulnerabilityKb', 'VulnerabilityDescription', 'name'), ('VulnerabilityKb', 'CvssScore', 'number'),
  ('VulnerabilityKb', 'PublishedDate', 'time'), ('VulnerabilityKb', 'LastModifiedTime', 'time');
-- Every value of a doubtful row. `key` names its record; of users and software it is the machine.
DROP TABLE IF EXISTS temp.doubtful_value;
CREATE TEMP TABLE doubtful_value (kind TEXT NOT NULL, source TEXT NOT NULL, key ANY, field TEXT NOT NULL, value ANY) STRICT;
INSERT INTO doubtful_value
SELECT f.kind, d.source, s.id, f.field, CASE f.field
    WHEN 'computerDnsName' THEN s.computerDnsName WHEN 'osPlatform' THEN s.osPlatform
    WHEN 'lastIpAddress' THEN s.lastIpAddress WHEN 'lastExternalIpAddress' THEN s.lastExternalIpAddress
    WHEN 'onboardingStatus' THEN s.onboardingStatus WHEN 'rbacGroupName' THEN s.rbacGroupName
    WHEN 'mergedIntoMachineId' THEN s.mergedIntoMachineId
    WHEN 'firstSeen' THEN s.firstSeen WHEN 'lastSeen' THEN s.lastSeen END
FROM doubtful d CROSS JOIN stage.MachineInfo s ON s.rowid = d.row CROSS JOIN graph_field f ON f.source = d.source
WHERE d.source = 'MachineInfo'
UNION ALL
SELECT f.kind, d.source, s.DeviceId, f.field, CASE f.field
    WHEN 'Timestamp' THEN s.Timestamp END
FROM doubtful d CROSS JOIN stage.MachineNetworkInfo s ON s.rowid = d.row CROSS JOIN graph_field f ON f.source = d.source
WHERE d.source = 'MachineNetworkInfo'
UNION ALL
SELECT f.kind, d.source, s.id, f.field, CASE f.field
    WHEN 'machineId' THEN s.machineId WHEN 'title' THEN s.title WHEN 'description' THEN s.description
    WHEN 'alertCreationTime' THEN s.alertCreationTime WHEN 'firstEventTime' THEN s.firstEventTime
    WHEN 'lastUpdateTime' THEN s.lastUpdateTime WHEN 'resolvedTime' THEN s.resolvedTime END
FROM doubtful d CROSS JOIN stage.Alerts s ON s.rowid = d.row CROSS JOIN graph_field f ON f.source = d.source
WHERE d.source = 'Alerts'
UNION ALL
SELECT f.kind, d.source, s.machineId, f.field, CASE f.field
    WHEN 'accountName' THEN s.accountName WHEN 'accountDomain' THEN s.accountDomain WHEN 'accountSid' THEN s.accountSid END
FROM doubtful d CROSS JOIN stage.LogonUsers s ON s.rowid = d.row CROSS JOIN graph_field f ON f.source = d.source
WHERE d.source = 'LogonUsers'
UNION ALL
SELECT f.kind, d.source, s.DeviceId, f.field, CASE f.field
    WHEN 'SoftwareVendor' THEN s.SoftwareVendor WHEN 'SoftwareName' THEN s.SoftwareName
    WHEN 'SoftwareVersion' THEN s.SoftwareVersion WHEN 'CveId' THEN s.CveId WHEN 'CvssScore' THEN s.CvssScore END
FROM doubtful d CROSS JOIN stage.SoftwareVulnerabilities s ON s.rowid = d.row CROSS JOIN graph_field f ON f.source = d.source
WHERE d.source = 'SoftwareVulnerabilities'
UNION ALL
SELECT f.kind, d.source, s.DeviceId, f.field, CASE f.field
    WHEN 'SoftwareVendor' THEN s.SoftwareVendor WHEN 'SoftwareName' THEN s.SoftwareName
    WHEN 'SoftwareVersion' THEN s.SoftwareVersion WHEN 'CveId' THEN s.CveId WHEN 'CvssScore' THEN s.CvssScore
    WHEN 'eventTimestamp' THEN s.eventTimestamp END
FROM doubtful d CROSS JOIN stage.SoftwareVulnerabilityChanges s ON s.rowid = d.row CROSS JOIN graph_field f ON f.source = d.source
WHERE d.source = 'SoftwareVulnerabilityChanges'
UNION ALL
SELECT f.kind, d.source, s.CveId, f.field, CASE f.field
    WHEN 'VulnerabilityDescription' THEN s.VulnerabilityDescription WHEN 'CvssScore' THEN s.CvssScore
    WHEN 'PublishedDate' THEN s.PublishedDate WHEN 'LastModifiedTime' THEN s.LastModifiedTime END
FROM doubtful d CROSS JOIN stage.VulnerabilityKb s ON s.rowid = d.row CROSS JOIN graph_field f ON f.source = d.source
WHERE d.source = 'VulnerabilityKb';

-- Texts of these words, and of blanks alone, are no name, no number and no time.
DROP TABLE IF EXISTS temp.meaningless;
CREATE TEMP TABLE meaningless (kind TEXT NOT NULL, value ANY NOT NULL, PRIMARY KEY (kind, value)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO meaningless
SELECT kind, value
FROM doubtful_value
WHERE kind IN ('name', 'time') AND typeof(value) = 'text'
  AND CASE WHEN value < '.' OR value > '~' THEN trim(value, char(9, 10, 11, 12, 13, 32, 160, 8203, 12288, 65279)) ELSE value END
      IN ('', '-', 'NaN', 'Infinity', '-Infinity');
INSERT OR IGNORE INTO meaningless
SELECT kind, value
FROM doubtful_value
WHERE kind = 'number' AND typeof(value) = 'text'
  AND lower(trim(value, char(9, 10, 11, 12, 13, 32, 160, 8203, 12288, 65279)))
      IN ('', '-', 'nan', 'infinity', '-infinity', 'inf', '+inf', '-inf');  -- INF: OData's own word
-- A year before 1970 is a program's word for no time (0001-01-01, 1601-01-01, 1900-01-01 …).
INSERT OR IGNORE INTO meaningless
SELECT kind, value
FROM doubtful_value
WHERE kind = 'time' AND typeof(value) = 'text' AND value < '1970-01-02' AND value GLOB '[0-9][0-9][0-9][0-9]-*'
  AND coalesce(julianday(value) < 2440587.5, 1);

-- An empty text is what Defender says most of the time where there is nothing: nobody asks why.
INSERT OR IGNORE INTO stage.left_out
SELECT source, key, field, value FROM doubtful_value
WHERE (kind, value) IN (SELECT kind, value FROM meaningless) AND value <> '' AND typeof(key) = 'text';

UPDATE stage.MachineInfo SET
  computerDnsName = CASE WHEN ('name', computerDnsName) NOT IN meaningless THEN computerDnsName END,
  osPlatform = CASE WHEN ('name', osPlatform) NOT IN meaningless THEN osPlatform END,
  lastIpAddress = CASE WHEN ('name', lastIpAddress) NOT IN meaningless THEN lastIpAddress END,
  lastExternalIpAddress = CASE WHEN ('name', lastExternalIpAddress) NOT IN meaningless THEN lastExternalIpAddress END,
  onboardingStatus = CASE WHEN ('name', onboardingStatus) NOT IN meaningless THEN onboardingStatus END,
  rbacGroupName = CASE WHEN ('name', rbacGroupName) NOT IN meaningless THEN rbacGroupName END,
  mergedIntoMachineId = CASE WHEN ('name', mergedIntoMachineId) NOT IN meaningless THEN mergedIntoMachineId END,
  firstSeen = CASE WHEN ('time', firstSeen) NOT IN meaningless THEN firstSeen END,
  lastSeen = CASE WHEN ('time', lastSeen) NOT IN meaningless THEN lastSeen END
WHERE rowid IN (SELECT row FROM doubtful WHERE source = 'MachineInfo');
UPDATE stage.MachineNetworkInfo SET
  Timestamp = CASE WHEN ('time', Timestamp) NOT IN meaningless THEN Timestamp END
WHERE rowid IN (SELECT row FROM doubtful WHERE source = 'MachineNetworkInfo');
UPDATE stage.Alerts SET
  machineId = CASE WHEN ('name', machineId) NOT IN meaningless THEN machineId END,
  title = CASE WHEN ('name', title) NOT IN meaningless THEN title END,
  description = CASE WHEN ('name', description) NOT IN meaningless THEN description END,
  alertCreationTime = CASE WHEN ('time', alertCreationTime) NOT IN meaningless THEN alertCreationTime END,
  firstEventTime = CASE WHEN ('time', firstEventTime) NOT IN meaningless THEN firstEventTime END,
  lastUpdateTime = CASE WHEN ('time', lastUpdateTime) NOT IN meaningless THEN lastUpdateTime END,
  resolvedTime = CASE WHEN ('time', resolvedTime) NOT IN meaningless THEN resolvedTime END
WHERE rowid IN (SELECT row FROM doubtful WHERE source = 'Alerts');
UPDATE stage.LogonUsers SET
  accountName = CASE WHEN ('name', accountName) NOT IN meaningless THEN accountName END,
  accountDomain = CASE WHEN ('name', accountDomain) NOT IN meaningless THEN accountDomain END,
  accountSid = CASE WHEN ('name', accountSid) NOT IN meaningless THEN accountSid END
WHERE rowid IN (SELECT row FROM doubtful WHERE source = 'LogonUsers');
UPDATE stage.SoftwareVulnerabilities SET
  SoftwareVendor = CASE WHEN ('name', SoftwareVendor) NOT IN meaningless THEN SoftwareVendor END,
  SoftwareName = CASE WHEN ('name', SoftwareName) NOT IN meaningless THEN SoftwareName END,
  SoftwareVersion = CASE WHEN ('name', SoftwareVersion) NOT IN meaningless THEN SoftwareVersion END,
  CveId = CASE WHEN ('name', CveId) NOT IN meaningless THEN CveId END,
  CvssScore = CASE WHEN ('number', CvssScore) NOT IN meaningless THEN CvssScore END
WHERE rowid IN (SELECT row FROM doubtful WHERE source = 'SoftwareVulnerabilities');
UPDATE stage.SoftwareVulnerabilityChanges SET
  SoftwareVendor = CASE WHEN ('name', SoftwareVendor) NOT IN meaningless THEN SoftwareVendor END,
  SoftwareName = CASE WHEN ('name', SoftwareName) NOT IN meaningless THEN SoftwareName END,
  SoftwareVersion = CASE WHEN ('name', SoftwareVersion) NOT IN meaningless THEN SoftwareVersion END,
  CveId = CASE WHEN ('name', CveId) NOT IN meaningless THEN CveId END,
  CvssScore = CASE WHEN ('number', CvssScore) NOT IN meaningless THEN CvssScore END,
  eventTimestamp = CASE WHEN ('time', eventTimestamp) NOT IN meaningless THEN eventTimestamp END
WHERE rowid IN (SELECT row FROM doubtful WHERE source = 'SoftwareVulnerabilityChanges');
UPDATE stage.VulnerabilityKb SET
  VulnerabilityDescription = CASE WHEN ('name', VulnerabilityDescription) NOT IN meaningless THEN VulnerabilityDescription END,
  CvssScore = CASE WHEN ('number', CvssScore) NOT IN meaningless THEN CvssScore END,
  PublishedDate = CASE WHEN ('time', PublishedDate) NOT IN meaningless THEN PublishedDate END,
  LastModifiedTime = CASE WHEN ('time', LastModifiedTime) NOT IN meaningless THEN LastModifiedTime END
WHERE rowid IN (SELECT row FROM doubtful WHERE source = 'VulnerabilityKb');
