-- Which staged records can be used. The others get the reason into set_aside, a row in `rejected`, and whatever they would
-- have said stays as last known. A time begins with a year and a month: SQLite alone would take "now" and "12:00" for one.
--
-- What becomes a key in CAR is 1,000 bytes long at most: two of them, escaped, stand in the URL of a PATCH, and servers take
-- 8 KiB of it. CAR parts the ids of a DELETE by commas, so an asset's id has none. (length() of a text ends at a NUL, so
-- bytes are counted.)

UPDATE stage.MachineInfo SET set_aside = CASE
    WHEN typeof(id) <> 'text' OR id = '' THEN 'id is not a text'
    WHEN length(CAST(id AS BLOB)) > 200 OR instr(id, char(0)) OR instr(id, ',') THEN 'id is no usable text'
    WHEN typeof(computerDnsName) NOT IN ('text', 'null') THEN 'computerDnsName is not a text'
    WHEN instr(computerDnsName, char(0)) THEN 'computerDnsName holds a NUL'
    WHEN length(CAST(computerDnsName AS BLOB)) > 1000 THEN 'computerDnsName is longer than 1,000 bytes'
    WHEN typeof(osPlatform) NOT IN ('text', 'null') THEN 'osPlatform is not a text'
    WHEN length(CAST(osPlatform AS BLOB)) > 1000 OR instr(osPlatform, char(0)) THEN 'osPlatform is no usable text'
    WHEN typeof(healthStatus) NOT IN ('text', 'null') THEN 'healthStatus is not a text'
    WHEN length(lastIpAddress) > 200 OR length(lastExternalIpAddress) > 200 THEN 'an IP address is longer than 200 characters'
    WHEN typeof(lastIpAddress) NOT IN ('text', 'null') THEN 'lastIpAddress is not a text'
    WHEN typeof(lastExternalIpAddress) NOT IN ('text', 'null') THEN 'lastExternalIpAddress is not a text'
    WHEN typeof(lastSeen) <> 'null' AND (typeof(lastSeen) <> 'text'
        OR lastSeen NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(lastSeen) IS NULL) THEN 'lastSeen is no time'
    WHEN typeof(machineTags) <> 'null' AND (typeof(machineTags) <> 'text' OR NOT json_valid(machineTags)
        OR json_type(machineTags) <> 'array') THEN 'machineTags is no list'
    WHEN typeof(mergedIntoMachineId) NOT IN ('text', 'null') THEN 'mergedIntoMachineId is not a text'
    ELSE 'ipAddresses is no list'
  END
WHERE typeof(id) <> 'text' OR id = '' OR length(CAST(id AS BLOB)) > 200 OR instr(id, char(0)) OR instr(id, ',')
   OR typeof(computerDnsName) NOT IN ('text', 'null') OR instr(computerDnsName, char(0))
   OR length(CAST(computerDnsName AS BLOB)) > 1000 OR length(CAST(osPlatform AS BLOB)) > 1000 OR instr(osPlatform, char(0))
   OR length(lastIpAddress) > 200 OR length(lastExternalIpAddress) > 200
   OR typeof(osPlatform) NOT IN ('text', 'null') OR typeof(healthStatus) NOT IN ('text', 'null')
   OR typeof(lastIpAddress) NOT IN ('text', 'null') OR typeof(lastExternalIpAddress) NOT IN ('text', 'null')
   OR (typeof(lastSeen) <> 'null' AND (typeof(lastSeen) <> 'text'
        OR lastSeen NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(lastSeen) IS NULL))
   OR (typeof(ipAddresses) <> 'null' AND (typeof(ipAddresses) <> 'text' OR NOT json_valid(ipAddresses)
                                          OR json_type(ipAddresses) <> 'array'))
   OR (typeof(machineTags) <> 'null' AND (typeof(machineTags) <> 'text' OR NOT json_valid(machineTags)
                                          OR json_type(machineTags) <> 'array'))
   OR typeof(mergedIntoMachineId) NOT IN ('text', 'null');

-- Where the machine list tells the network, an element that is no address may stand for one.
UPDATE stage.MachineInfo SET set_aside = 'ipAddresses is no list of addresses'
WHERE rowid IN (
  SELECT m.rowid FROM stage.run r CROSS JOIN stage.MachineInfo m
  WHERE r.network_source = 'machines' AND m.set_aside IS NULL AND typeof(m.ipAddresses) = 'text'
    AND EXISTS (SELECT 1 FROM json_each(m.ipAddresses) j WHERE j.type <> 'object'));

-- Its time is judged as merge will cut it: blanks in its middle make a time that is none once it is cut.
UPDATE stage.MachineNetworkInfo SET set_aside = CASE
    WHEN typeof(DeviceId) <> 'text' OR DeviceId = '' THEN 'DeviceId is not a text'
    WHEN typeof(NetworkAdapterName) NOT IN ('text', 'null') THEN 'NetworkAdapterName is not a text'
    WHEN typeof(MacAddress) NOT IN ('text', 'null') THEN 'MacAddress is not a text'
    WHEN typeof(Timestamp) <> 'text' OR Timestamp NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(Timestamp) IS NULL
      OR strftime('%s', CASE WHEN Timestamp GLOB '*[+-]??:??' THEN Timestamp ELSE substr(rtrim(Timestamp, 'Z'), 1, 23) END) IS NULL THEN 'Timestamp is no time'
    ELSE 'IPAddresses is no list of addresses'
  END
WHERE typeof(DeviceId) <> 'text' OR DeviceId = '' OR typeof(NetworkAdapterName) NOT IN ('text', 'null')
   OR typeof(MacAddress) NOT IN ('text', 'null') OR typeof(Timestamp) <> 'text'
        OR Timestamp NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(Timestamp) IS NULL
   OR strftime('%s', CASE WHEN Timestamp GLOB '*[+-]??:??' THEN Timestamp ELSE substr(rtrim(Timestamp, 'Z'), 1, 23) END) IS NULL
   OR (typeof(IPAddresses) <> 'null' AND IPAddresses <> '' AND
       (typeof(IPAddresses) <> 'text' OR NOT json_valid(IPAddresses) OR json_type(IPAddresses) NOT IN ('array', 'null')
        OR EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(IPAddresses) THEN IPAddresses END) j
                   WHERE j.type <> 'object'
                      OR json_type(CASE j.type WHEN 'object' THEN j.value END, '$.IPAddress') IS NOT 'text'
                      OR length(CASE j.type WHEN 'object' THEN j.value ->> 'IPAddress' END) > 200
                      OR json_type(CASE j.type WHEN 'object' THEN j.value END, '$.AddressType') IS NOT 'text')));

UPDATE stage.Alerts SET set_aside = CASE
    WHEN typeof(id) <> 'text' OR id = '' THEN 'id is not a text'
    WHEN length(CAST(id AS BLOB)) > 200 OR instr(id, char(0)) THEN 'id is no usable text'
    WHEN typeof(machineId) NOT IN ('text', 'null') THEN 'machineId is not a text'
    WHEN typeof(title) NOT IN ('text', 'null') THEN 'title is not a text'
    WHEN typeof(description) NOT IN ('text', 'null') THEN 'description is not a text'
    WHEN typeof(severity) NOT IN ('text', 'null') THEN 'severity is not a text'
    WHEN typeof(status) NOT IN ('text', 'null') THEN 'status is not a text'
    ELSE 'one of its times is no time'
  END
WHERE typeof(id) <> 'text' OR id = '' OR length(CAST(id AS BLOB)) > 200 OR instr(id, char(0))
   OR typeof(machineId) NOT IN ('text', 'null') OR typeof(title) NOT IN ('text', 'null')
   OR typeof(description) NOT IN ('text', 'null') OR typeof(severity) NOT IN ('text', 'null')
   OR typeof(status) NOT IN ('text', 'null')
   OR (typeof(alertCreationTime) <> 'null' AND (typeof(alertCreationTime) <> 'text'
        OR alertCreationTime NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(alertCreationTime) IS NULL))
   OR (typeof(firstEventTime) <> 'null' AND (typeof(firstEventTime) <> 'text'
        OR firstEventTime NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(firstEventTime) IS NULL))
   OR (typeof(lastUpdateTime) <> 'null' AND (typeof(lastUpdateTime) <> 'text'
        OR lastUpdateTime NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(lastUpdateTime) IS NULL));

-- No account name (null, missing, empty) is an ordinary answer that names nobody.
UPDATE stage.LogonUsers SET set_aside = 'accountName is no usable text'
WHERE typeof(accountName) NOT IN ('text', 'null') OR instr(accountName, char(0))
   OR length(CAST(accountName AS BLOB)) > 1000;
UPDATE stage.LogonUsers SET set_aside = 'accountDomain is no usable text'
WHERE (SELECT account_key FROM stage.run) = 'domain-name'
  AND (instr(accountDomain, char(0)) OR length(CAST(accountDomain AS BLOB)) + length(CAST(accountName AS BLOB)) > 999);
UPDATE stage.LogonUsers SET set_aside = 'DeviceId is not a text' WHERE typeof(machineId) <> 'text' OR machineId = '';

UPDATE stage.SoftwareVulnerabilities SET set_aside = CASE
    WHEN typeof(DeviceId) <> 'text' OR DeviceId = '' THEN 'DeviceId is not a text'
    WHEN typeof(CveId) NOT IN ('text', 'null') THEN 'CveId is not a text'
    ELSE 'CveId or the software''s vendor, name or version is no usable text'
  END
WHERE typeof(DeviceId) <> 'text' OR DeviceId = ''
   -- (Of most rows, so as it is quickest: NOT IN ('text', 'null') takes twice as long.)
   OR (typeof(CveId) <> 'text' AND CveId IS NOT NULL)
   OR (typeof(SoftwareVendor) <> 'text' AND SoftwareVendor IS NOT NULL)
   OR (typeof(SoftwareName) <> 'text' AND SoftwareName IS NOT NULL)
   OR (typeof(SoftwareVersion) <> 'text' AND SoftwareVersion IS NOT NULL)
   OR instr(SoftwareName, char(0)) OR instr(SoftwareVendor, char(0)) OR instr(SoftwareVersion, char(0))
   OR instr(CveId, char(0)) OR length(CAST(CveId AS BLOB)) > 200
   OR coalesce(length(CAST(SoftwareVendor AS BLOB)), 0) + coalesce(length(CAST(SoftwareName AS BLOB)), 0) +
      coalesce(length(CAST(SoftwareVersion AS BLOB)), 0) > 1000;

-- A score comes as a number or as text; none at all is ordinary.
UPDATE stage.VulnerabilityKb SET set_aside = CASE
    WHEN typeof(CveId) <> 'text' OR CveId = '' THEN 'CveId is not a text'
    WHEN length(CAST(CveId AS BLOB)) > 200 OR instr(CveId, char(0)) THEN 'CveId is no usable text'
    WHEN typeof(VulnerabilityDescription) NOT IN ('text', 'null') THEN 'VulnerabilityDescription is not a text'
    WHEN typeof(PublishedDate) <> 'null' AND (typeof(PublishedDate) <> 'text'
        OR PublishedDate NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(PublishedDate) IS NULL)
      THEN 'PublishedDate is no time'
    ELSE 'CvssScore is no number from 0 to 10'
  END
WHERE typeof(CveId) <> 'text' OR CveId = '' OR length(CAST(CveId AS BLOB)) > 200 OR instr(CveId, char(0))
   OR typeof(VulnerabilityDescription) NOT IN ('text', 'null')
   OR (typeof(PublishedDate) <> 'null' AND (typeof(PublishedDate) <> 'text'
        OR PublishedDate NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' OR julianday(PublishedDate) IS NULL))
   OR (typeof(CvssScore) = 'text' AND (trim(CvssScore) GLOB '*[^0-9.]*' OR trim(CvssScore) NOT GLOB '*[0-9]*'))
   OR (CvssScore IS NOT NULL AND CAST(CvssScore AS REAL) NOT BETWEEN 0 AND 10);

------------------------------------------------------------------------------------------------ which record counts
-- Of several usable records with one key the newest by its own time, of equally new ones the last one read; one without a
-- time is older than all others. (Against the mirror: phase/20_merge.sql. Network rows are compared there alone.)
DELETE FROM stage.MachineInfo WHERE rowid IN (
  SELECT row FROM (
    SELECT row, row_number() OVER (PARTITION BY key ORDER BY CASE WHEN at > latest THEN now ELSE coalesce(at, '') END DESC,
                                                             row DESC) AS place
    FROM (SELECT s.rowid AS row, s.id AS key,
                 strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN s.lastSeen GLOB '*[+-]??:??' THEN s.lastSeen ELSE substr(rtrim(s.lastSeen, 'Z'), 1, 23) END) AS at
          FROM (SELECT id FROM stage.MachineInfo WHERE typeof(id) = 'text' GROUP BY id HAVING count(*) > 1) twice
          CROSS JOIN stage.MachineInfo s ON s.id = twice.id
          WHERE s.set_aside IS NULL)
    CROSS JOIN reading_clock)
  WHERE place > 1);
UPDATE stage.dataset SET duplicates = duplicates + changes() WHERE name = 'machines';
DELETE FROM stage.Alerts WHERE rowid IN (
  SELECT row FROM (
    SELECT row, row_number() OVER (PARTITION BY key ORDER BY CASE WHEN at > latest THEN now ELSE coalesce(at, '') END DESC,
                                                             row DESC) AS place
    FROM (SELECT s.rowid AS row, s.id AS key,
                 strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN s.lastUpdateTime GLOB '*[+-]??:??' THEN s.lastUpdateTime ELSE substr(rtrim(s.lastUpdateTime, 'Z'), 1, 23) END) AS at
          FROM (SELECT id FROM stage.Alerts WHERE typeof(id) = 'text' GROUP BY id HAVING count(*) > 1) twice
          CROSS JOIN stage.Alerts s ON s.id = twice.id
          WHERE s.set_aside IS NULL)
    CROSS JOIN reading_clock)
  WHERE place > 1);
UPDATE stage.dataset SET duplicates = duplicates + changes() WHERE name = 'alerts';
DELETE FROM stage.VulnerabilityKb WHERE rowid IN (
  SELECT row FROM (
    SELECT row, row_number() OVER (PARTITION BY key ORDER BY CASE WHEN at > latest THEN now ELSE coalesce(at, '') END DESC,
                                                             row DESC) AS place
    FROM (SELECT s.rowid AS row, s.CveId AS key,
                 strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN s.LastModifiedTime GLOB '*[+-]??:??' THEN s.LastModifiedTime ELSE substr(rtrim(s.LastModifiedTime, 'Z'), 1, 23) END) AS at
          FROM (SELECT CveId FROM stage.VulnerabilityKb WHERE typeof(CveId) = 'text' GROUP BY CveId HAVING count(*) > 1) twice
          CROSS JOIN stage.VulnerabilityKb s ON s.CveId = twice.CveId
          WHERE s.set_aside IS NULL)
    CROSS JOIN reading_clock)
  WHERE place > 1);
UPDATE stage.dataset SET duplicates = duplicates + changes() WHERE name = 'knowledge_base';
UPDATE stage.MachineNetworkInfo SET Timestamp = (SELECT now FROM reading_clock)
WHERE set_aside IS NULL AND Timestamp > (SELECT latest FROM reading_clock)
  AND strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN Timestamp GLOB '*[+-]??:??' THEN Timestamp ELSE substr(rtrim(Timestamp, 'Z'), 1, 23) END)
      > (SELECT latest FROM reading_clock);

--------------------------------------------------------------------------------------- what that means for removals

-- What was set aside, by the key that it names.
DROP TABLE IF EXISTS temp.aside;
CREATE TEMP TABLE aside (dataset TEXT NOT NULL, key ANY) STRICT;
INSERT INTO aside
SELECT 'machines', id FROM stage.MachineInfo WHERE set_aside IS NOT NULL
UNION ALL SELECT 'network', DeviceId FROM stage.MachineNetworkInfo WHERE set_aside IS NOT NULL
UNION ALL SELECT 'alerts', id FROM stage.Alerts WHERE set_aside IS NOT NULL
UNION ALL SELECT 'users', machineId FROM stage.LogonUsers WHERE set_aside IS NOT NULL
UNION ALL SELECT 'vulnerabilities', DeviceId FROM stage.SoftwareVulnerabilities WHERE set_aside IS NOT NULL;

-- A record set aside speaks for its key: nothing of that key is taken as gone.
DROP TABLE IF EXISTS temp.unread;
CREATE TEMP TABLE unread (dataset TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (dataset, key)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO unread
SELECT dataset, key FROM aside WHERE typeof(key) = 'text'
UNION ALL SELECT 'users', DeviceId FROM stage.DeviceInfo WHERE set_aside IS NOT NULL AND typeof(DeviceId) = 'text'
UNION ALL SELECT 'users', machineId FROM stage.users_reading WHERE not_understood > 0;

-- Where not even the key can be read, or an element was no record at all, that may have been about anything: such a dataset
-- removes nothing this time.
DROP TABLE IF EXISTS temp.unnamed;
CREATE TEMP TABLE unnamed (dataset TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO unnamed
SELECT dataset FROM aside WHERE typeof(key) <> 'text' OR key = ''
-- Elements of one machine's users are about that machine alone.
UNION ALL SELECT name FROM stage.dataset
          WHERE not_understood > CASE name WHEN 'users' THEN (SELECT coalesce(sum(not_understood), 0) FROM stage.users_reading)
                                           ELSE 0 END;
-- What was not understood is asked for again: the next window begins where this one did.
UPDATE stage.dataset SET cursor_stays = 1 WHERE not_understood > 0 AND state = 'complete';

-- Nor is a machine that the full list lacks while it may not go: what the other readings lack of it comes from the same
-- cause (a device group withdrawn, say), and waits with it.
DROP TABLE IF EXISTS temp.unlisted;
CREATE TEMP TABLE unlisted (machine TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO unlisted
SELECT v.key
FROM (SELECT 1 FROM stage.dataset
      WHERE name = 'machines' AND whole AND (state = 'held' OR EXISTS (SELECT 1 FROM withheld WHERE kind = 'delete')))
CROSS JOIN asset a CROSS JOIN vertex v ON v.vertex_id = a.vertex_id
WHERE v.key NOT IN (SELECT id FROM stage.MachineInfo WHERE typeof(id) = 'text');
INSERT OR IGNORE INTO unlisted SELECT id FROM stage.refused_machine;
INSERT OR IGNORE INTO unread
SELECT d.name, u.machine
FROM unlisted u CROSS JOIN stage.dataset d ON d.name IN ('network', 'users', 'vulnerabilities');

-- Nor does a dataset remove anything that is not complete, or that a guard withholds. What a pruned snapshot lacks says nothing: there the gone_ tables do.
DROP TABLE IF EXISTS temp.removes;
CREATE TEMP TABLE removes (dataset TEXT PRIMARY KEY, whole INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO removes
SELECT d.name, d.whole FROM stage.dataset d CROSS JOIN stage.run r
WHERE d.state = 'complete' AND (NOT r.pruned OR d.name = 'machines')
  AND d.name NOT IN (SELECT dataset FROM unnamed)
  AND d.name NOT IN (SELECT t.dataset FROM withheld w CROSS JOIN withheld_dataset t ON t.kind = w.kind);

INSERT INTO rejected
SELECT dataset, record_key, reason, substr(record, 1, 2000), (SELECT run_id FROM stage.run), (SELECT run_id FROM stage.run)
FROM (
  SELECT 'machines' AS dataset, coalesce(CAST(id AS TEXT), '') AS record_key, set_aside AS reason,
         json_object('id', CAST(id AS TEXT), 'computerDnsName', CAST(computerDnsName AS TEXT),
                     'osPlatform', CAST(osPlatform AS TEXT), 'healthStatus', CAST(healthStatus AS TEXT),
                     'lastSeen', CAST(lastSeen AS TEXT), 'lastIpAddress', CAST(lastIpAddress AS TEXT),
                     'lastExternalIpAddress', CAST(lastExternalIpAddress AS TEXT)) AS record
  FROM stage.MachineInfo WHERE set_aside IS NOT NULL
  UNION ALL
  SELECT 'network', coalesce(CAST(DeviceId AS TEXT), ''), set_aside,
         json_object('DeviceId', CAST(DeviceId AS TEXT),
                     'NetworkAdapterName', CAST(NetworkAdapterName AS TEXT),
                     'MacAddress', CAST(MacAddress AS TEXT), 'Timestamp', CAST(Timestamp AS TEXT),
                     'IPAddresses', CAST(IPAddresses AS TEXT))
  FROM stage.MachineNetworkInfo WHERE set_aside IS NOT NULL
  UNION ALL
  SELECT DISTINCT 'alerts', coalesce(CAST(id AS TEXT), ''), set_aside,
         json_object('id', CAST(id AS TEXT), 'machineId', CAST(machineId AS TEXT),
                     'title', CAST(title AS TEXT), 'severity', CAST(severity AS TEXT),
                     'status', CAST(status AS TEXT), 'alertCreationTime', CAST(alertCreationTime AS TEXT),
                     'lastUpdateTime', CAST(lastUpdateTime AS TEXT))
  FROM stage.Alerts WHERE set_aside IS NOT NULL
  UNION ALL
  SELECT 'users', coalesce(CAST(machineId AS TEXT), ''), set_aside, json_object('accountName', CAST(accountName AS TEXT),
                     'accountDomain', CAST(accountDomain AS TEXT))
  FROM stage.LogonUsers WHERE set_aside IS NOT NULL
  UNION ALL
  SELECT 'users', coalesce(CAST(DeviceId AS TEXT), ''), set_aside,
         json_object('LoggedOnUsers', CAST(LoggedOnUsers AS TEXT))
  FROM stage.DeviceInfo WHERE set_aside IS NOT NULL
  UNION ALL
  SELECT 'vulnerabilities', coalesce(CAST(DeviceId AS TEXT), ''), set_aside,
         json_object('SoftwareVendor', CAST(SoftwareVendor AS TEXT),
                     'SoftwareName', CAST(SoftwareName AS TEXT),
                     'SoftwareVersion', CAST(SoftwareVersion AS TEXT), 'CveId', CAST(CveId AS TEXT))
  FROM stage.SoftwareVulnerabilities WHERE set_aside IS NOT NULL
  UNION ALL
  SELECT 'vulnerabilities', coalesce(CAST(CveId AS TEXT), ''), set_aside,
         json_object('CveId', CAST(CveId AS TEXT), 'CvssScore', CAST(CvssScore AS TEXT),
                     'PublishedDate', CAST(PublishedDate AS TEXT))
  FROM stage.VulnerabilityKb WHERE set_aside IS NOT NULL)
WHERE true
ON CONFLICT DO UPDATE SET last_run = excluded.last_run, record = excluded.record;
-- Each record counts once, whatever rows of `rejected` it shares with others.
UPDATE run SET set_aside = changes() WHERE run_id = (SELECT run_id FROM stage.run);
