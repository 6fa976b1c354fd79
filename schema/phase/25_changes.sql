-- Software between two whole readings: what the vulnerability export says has changed since. Its answer covers whole blocks of
-- six hours, so events come again and again, and all of this may be repeated.

UPDATE stage.SoftwareVulnerabilityChanges SET set_aside = CASE
    WHEN typeof(DeviceId) <> 'text' OR DeviceId = '' THEN 'DeviceId is not a text'
    WHEN typeof(CveId) NOT IN ('text', 'null') THEN 'CveId is not a text'
    WHEN typeof(status) <> 'text' OR typeof(rbacGroupName) NOT IN ('text', 'null') THEN 'status or rbacGroupName is not a text'
    WHEN typeof(eventTimestamp) <> 'text' OR eventTimestamp NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*'
      OR julianday(eventTimestamp) IS NULL THEN 'eventTimestamp is no time'
    ELSE 'CveId or the software''s vendor, name or version is no usable text'
  END
WHERE typeof(DeviceId) <> 'text' OR DeviceId = '' OR typeof(CveId) NOT IN ('text', 'null')
   OR typeof(status) <> 'text' OR typeof(rbacGroupName) NOT IN ('text', 'null')
   OR typeof(eventTimestamp) <> 'text' OR eventTimestamp NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*'
   OR julianday(eventTimestamp) IS NULL
   OR typeof(SoftwareVendor) NOT IN ('text', 'null') OR typeof(SoftwareName) NOT IN ('text', 'null')
   OR typeof(SoftwareVersion) NOT IN ('text', 'null')
   OR instr(SoftwareName, char(0)) OR instr(SoftwareVendor, char(0)) OR instr(SoftwareVersion, char(0))
   OR instr(CveId, char(0)) OR length(CAST(CveId AS BLOB)) > 200
   OR coalesce(length(CAST(SoftwareVendor AS BLOB)), 0) + coalesce(length(CAST(SoftwareName AS BLOB)), 0) +
      coalesce(length(CAST(SoftwareVersion AS BLOB)), 0) > 1000;
INSERT INTO rejected
SELECT 'vulnerabilities', coalesce(CAST(DeviceId AS TEXT), ''), set_aside,
       substr(json_object('SoftwareVendor', CAST(SoftwareVendor AS TEXT), 'SoftwareName', CAST(SoftwareName AS TEXT),
                          'SoftwareVersion', CAST(SoftwareVersion AS TEXT), 'CveId', CAST(CveId AS TEXT),
                          'status', CAST(status AS TEXT), 'eventTimestamp', CAST(eventTimestamp AS TEXT)), 1, 2000),
       (SELECT run_id FROM stage.run), (SELECT run_id FROM stage.run)
FROM stage.SoftwareVulnerabilityChanges WHERE set_aside IS NOT NULL
ON CONFLICT DO UPDATE SET last_run = excluded.last_run, record = excluded.record;

-- The last word on each row, device group by device group: who moves to another group is Fixed in the one and New in the
-- other, in whatever order, and the row stays while any group has it. Of two at the same time the one that keeps it counts.
DROP TABLE IF EXISTS temp.changed_software;
CREATE TEMP TABLE changed_software (DeviceId TEXT, SoftwareVendor TEXT, SoftwareName TEXT, SoftwareVersion TEXT, CveId TEXT,
  there INTEGER NOT NULL,
  PRIMARY KEY (DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId)) STRICT, WITHOUT ROWID;
INSERT INTO changed_software
SELECT DeviceId, vendor, name, version, cve, max(there)
FROM (SELECT DeviceId, coalesce(SoftwareVendor, '') AS vendor, coalesce(SoftwareName, '') AS name,
             coalesce(SoftwareVersion, '') AS version, coalesce(CveId, '') AS cve, status <> 'Fixed' AS there,
             row_number() OVER (PARTITION BY DeviceId, coalesce(SoftwareVendor, ''), coalesce(SoftwareName, ''),
                                             coalesce(SoftwareVersion, ''), coalesce(CveId, ''), coalesce(rbacGroupName, '')
                                ORDER BY julianday(eventTimestamp) DESC, status = 'Fixed') AS place
      FROM stage.SoftwareVulnerabilityChanges WHERE set_aside IS NULL)
WHERE place = 1
GROUP BY DeviceId, vendor, name, version, cve;

INSERT OR IGNORE INTO SoftwareVulnerabilities
SELECT DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId, (SELECT run_id FROM stage.run)
FROM changed_software WHERE there;

-- Whose rows may go by it: only where it was read whole, and all that it says of the machine could be read.
DROP TABLE IF EXISTS temp.heard_software;
CREATE TEMP TABLE heard_software (DeviceId TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO heard_software
SELECT DISTINCT DeviceId FROM changed_software
WHERE EXISTS (SELECT 1 FROM removes WHERE dataset = 'vulnerabilities')
  AND NOT EXISTS (SELECT 1 FROM stage.SoftwareVulnerabilityChanges WHERE set_aside IS NOT NULL AND typeof(DeviceId) <> 'text')
  AND DeviceId NOT IN (SELECT key FROM unheard WHERE dataset = 'vulnerabilities')
  AND DeviceId NOT IN (SELECT DeviceId FROM stage.SoftwareVulnerabilityChanges
                       WHERE set_aside IS NOT NULL AND typeof(DeviceId) = 'text');

-- What is told is told once: where something of it cannot be used yet, the next delta begins where this one did.
UPDATE stage.dataset SET cursor_stays = 1
WHERE name = 'vulnerabilities' AND state = 'complete'
  AND (EXISTS (SELECT 1 FROM stage.SoftwareVulnerabilityChanges WHERE set_aside IS NOT NULL)
       OR EXISTS (SELECT 1 FROM changed_software WHERE DeviceId NOT IN (SELECT DeviceId FROM heard_software)));

-- A machine whose last known software was kept has rows again: those, and no others.
DELETE FROM SoftwareVulnerabilities
WHERE DeviceId IN (SELECT k.DeviceId FROM heard_software h CROSS JOIN kept_software k ON k.DeviceId = h.DeviceId
                   WHERE EXISTS (SELECT 1 FROM changed_software c WHERE c.DeviceId = k.DeviceId AND c.there))
  AND NOT EXISTS (SELECT 1 FROM changed_software c
                  WHERE (c.DeviceId, c.SoftwareVendor, c.SoftwareName, c.SoftwareVersion, c.CveId)
                      = (SoftwareVulnerabilities.DeviceId, SoftwareVulnerabilities.SoftwareVendor,
                         SoftwareVulnerabilities.SoftwareName, SoftwareVulnerabilities.SoftwareVersion,
                         SoftwareVulnerabilities.CveId) AND c.there);
DELETE FROM kept_software
WHERE DeviceId IN (SELECT h.DeviceId FROM heard_software h
                   WHERE EXISTS (SELECT 1 FROM changed_software c WHERE c.DeviceId = h.DeviceId AND c.there));

-- All that is known of a machine is fixed: whether that counts is asked below.
INSERT INTO kept_software
SELECT h.DeviceId, (SELECT run_id FROM stage.run)
FROM heard_software h
WHERE EXISTS (SELECT 1 FROM SoftwareVulnerabilities s WHERE s.DeviceId = h.DeviceId)
  AND NOT EXISTS (SELECT 1 FROM SoftwareVulnerabilities s
                  WHERE s.DeviceId = h.DeviceId
                    AND NOT EXISTS (SELECT 1 FROM changed_software c
                                    WHERE (c.DeviceId, c.SoftwareVendor, c.SoftwareName, c.SoftwareVersion, c.CveId)
                                        = (s.DeviceId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion, s.CveId)
                                      AND NOT c.there))
ON CONFLICT DO NOTHING;
DELETE FROM SoftwareVulnerabilities
WHERE (DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId) IN (
  SELECT c.DeviceId, c.SoftwareVendor, c.SoftwareName, c.SoftwareVersion, c.CveId
  FROM heard_software h CROSS JOIN changed_software c ON c.DeviceId = h.DeviceId
  WHERE NOT c.there AND h.DeviceId NOT IN (SELECT DeviceId FROM kept_software));

-- That Defender has nothing of a machine counts only for one that is not Inactive and was seen within 7 days: as in a whole
-- reading, and also when it is heard of later.
DROP TABLE IF EXISTS temp.bare_machine;
CREATE TEMP TABLE bare_machine (DeviceId TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO bare_machine
SELECT k.DeviceId
FROM removes r CROSS JOIN stage.dataset d ON d.name = r.dataset CROSS JOIN kept_software k
CROSS JOIN MachineInfo m ON m.id = k.DeviceId
WHERE r.dataset = 'vulnerabilities' AND d.since IS NOT NULL
  AND m.healthStatus IS NOT 'Inactive'
  AND m.lastSeen > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-7 days')
  AND k.DeviceId NOT IN (SELECT key FROM unheard WHERE dataset = 'vulnerabilities')
  AND k.DeviceId NOT IN (SELECT DeviceId FROM stage.SoftwareVulnerabilityChanges WHERE typeof(DeviceId) = 'text'
                         EXCEPT SELECT DeviceId FROM heard_software);
DELETE FROM SoftwareVulnerabilities WHERE DeviceId IN (SELECT DeviceId FROM bare_machine);
DELETE FROM kept_software WHERE DeviceId IN (SELECT DeviceId FROM bare_machine);

-- A whole reading says it of all machines at once. (A snapshot has been through this, and holds what was found.)
DROP TABLE IF EXISTS temp.whole_software;
CREATE TEMP TABLE whole_software (live INTEGER NOT NULL) STRICT;
INSERT INTO whole_software
SELECT (SELECT digest FROM stage.run) IS NULL FROM removes WHERE dataset = 'vulnerabilities' AND whole;
-- Who is heard of has lost such rows in the merge. (From machine to machine by the key: half the time of reading all rows.)
INSERT INTO stage.kept_software
WITH RECURSIVE known(machine) AS (
  SELECT (SELECT min(DeviceId) FROM SoftwareVulnerabilities) FROM whole_software WHERE live
  UNION ALL
  SELECT (SELECT min(DeviceId) FROM SoftwareVulnerabilities WHERE DeviceId > machine) FROM known WHERE machine IS NOT NULL)
SELECT machine FROM known
WHERE machine IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM MachineInfo m
                  WHERE m.id = machine AND m.healthStatus IS NOT 'Inactive'
                    AND m.lastSeen > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-7 days'))
EXCEPT
SELECT s.DeviceId FROM whole_software w CROSS JOIN stage.SoftwareVulnerabilities s WHERE w.live AND typeof(s.DeviceId) = 'text';
DELETE FROM kept_software WHERE EXISTS (SELECT 1 FROM whole_software);
INSERT INTO kept_software
SELECT k.DeviceId, (SELECT run_id FROM stage.run) FROM whole_software w CROSS JOIN stage.kept_software k;
