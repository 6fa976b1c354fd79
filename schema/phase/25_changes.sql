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
UPDATE run SET set_aside = set_aside + changes() WHERE run_id = (SELECT run_id FROM stage.run);

-- The last word on each row, device group by device group: who moves to another group is Fixed in the one and New in the
-- other, in whatever order, and the row stays while any group has it. Of two at the same time the one that keeps it counts.
DROP TABLE IF EXISTS temp.last_word;
CREATE TEMP TABLE last_word (DeviceId TEXT NOT NULL, vendor TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  cve TEXT NOT NULL, there INTEGER NOT NULL) STRICT;
INSERT INTO last_word
SELECT DeviceId, vendor, name, version, cve, max(there)
FROM (SELECT DeviceId, coalesce(SoftwareVendor, '') AS vendor, coalesce(SoftwareName, '') AS name,
             coalesce(SoftwareVersion, '') AS version, coalesce(CveId, '') AS cve, status <> 'Fixed' AS there,
             row_number() OVER (PARTITION BY DeviceId, coalesce(SoftwareVendor, ''), coalesce(SoftwareName, ''),
                                             coalesce(SoftwareVersion, ''), coalesce(CveId, ''), coalesce(rbacGroupName, '')
                                ORDER BY julianday(eventTimestamp) DESC, status = 'Fixed') AS place
      FROM stage.SoftwareVulnerabilityChanges WHERE set_aside IS NULL)
WHERE place = 1
GROUP BY DeviceId, vendor, name, version, cve;
INSERT OR IGNORE INTO software (SoftwareVendor, SoftwareName, SoftwareVersion, CveId)
SELECT vendor, name, version, cve FROM last_word;
INSERT OR IGNORE INTO vertex (collection, key) SELECT 'asset', DeviceId FROM last_word;

DROP TABLE IF EXISTS temp.changed_software;
CREATE TEMP TABLE changed_software (machine_id INTEGER, software_id INTEGER, there INTEGER NOT NULL,
  PRIMARY KEY (machine_id, software_id)) STRICT, WITHOUT ROWID;
INSERT INTO changed_software
SELECT v.vertex_id, s.software_id, w.there
FROM last_word w
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = w.DeviceId
CROSS JOIN software s ON (s.CveId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion) = (w.cve, w.vendor, w.name, w.version);

INSERT OR IGNORE INTO machine_software
SELECT machine_id, software_id, (SELECT run_id FROM stage.run) FROM changed_software WHERE there;

-- Whose rows may go by it: only where it was read whole, and all that it says of the machine could be read.
DROP TABLE IF EXISTS temp.unread_software;
CREATE TEMP TABLE unread_software (machine_id INTEGER PRIMARY KEY) STRICT;
INSERT OR IGNORE INTO unread_software
SELECT v.vertex_id FROM unread u CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = u.key
WHERE u.dataset = 'vulnerabilities';
INSERT OR IGNORE INTO unread_software
SELECT v.vertex_id
FROM stage.SoftwareVulnerabilityChanges c CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = c.DeviceId
WHERE c.set_aside IS NOT NULL AND typeof(c.DeviceId) = 'text';
DROP TABLE IF EXISTS temp.read_software;
CREATE TEMP TABLE read_software (machine_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO read_software
SELECT DISTINCT machine_id FROM changed_software
WHERE EXISTS (SELECT 1 FROM removes WHERE dataset = 'vulnerabilities')
  AND NOT EXISTS (SELECT 1 FROM stage.SoftwareVulnerabilityChanges WHERE set_aside IS NOT NULL AND typeof(DeviceId) <> 'text')
  AND machine_id NOT IN (SELECT machine_id FROM unread_software);

-- What is told is told once: where something of it cannot be used yet, the next delta begins where this one did.
UPDATE stage.dataset SET cursor_stays = 1
WHERE name = 'vulnerabilities' AND state = 'complete'
  AND (EXISTS (SELECT 1 FROM stage.SoftwareVulnerabilityChanges WHERE set_aside IS NOT NULL)
       OR EXISTS (SELECT 1 FROM changed_software WHERE machine_id NOT IN (SELECT machine_id FROM read_software)));

-- A machine whose last known software was kept has rows again: those, and no others.
DELETE FROM machine_software
WHERE machine_id IN (SELECT k.machine_id FROM read_software h CROSS JOIN kept_software k ON k.machine_id = h.machine_id
                     WHERE EXISTS (SELECT 1 FROM changed_software c WHERE c.machine_id = k.machine_id AND c.there))
  AND NOT EXISTS (SELECT 1 FROM changed_software c
                  WHERE (c.machine_id, c.software_id) = (machine_software.machine_id, machine_software.software_id) AND c.there);
DELETE FROM kept_software
WHERE machine_id IN (SELECT h.machine_id FROM read_software h
                     WHERE EXISTS (SELECT 1 FROM changed_software c WHERE c.machine_id = h.machine_id AND c.there));

-- All that is known of a machine is fixed: whether that counts is asked below.
INSERT INTO kept_software
SELECT h.machine_id, (SELECT run_id FROM stage.run)
FROM read_software h
WHERE EXISTS (SELECT 1 FROM machine_software s WHERE s.machine_id = h.machine_id)
  AND NOT EXISTS (SELECT 1 FROM machine_software s
                  WHERE s.machine_id = h.machine_id
                    AND NOT EXISTS (SELECT 1 FROM changed_software c
                                    WHERE (c.machine_id, c.software_id) = (s.machine_id, s.software_id) AND NOT c.there))
ON CONFLICT DO NOTHING;
DELETE FROM machine_software
WHERE (machine_id, software_id) IN (
  SELECT c.machine_id, c.software_id
  FROM read_software h CROSS JOIN changed_software c ON c.machine_id = h.machine_id
  WHERE NOT c.there AND h.machine_id NOT IN (SELECT machine_id FROM kept_software));

-- That Defender has nothing of a machine counts only for one that is not Inactive and was seen within 7 days: as in a whole
-- reading, and also when it is heard of later.
DROP TABLE IF EXISTS temp.bare_machine;
CREATE TEMP TABLE bare_machine (machine_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO bare_machine
SELECT k.machine_id
FROM removes r CROSS JOIN stage.dataset d ON d.name = r.dataset CROSS JOIN kept_software k
CROSS JOIN vertex v ON v.vertex_id = k.machine_id
CROSS JOIN MachineInfo m ON m.id = v.key
WHERE r.dataset = 'vulnerabilities' AND d.since IS NOT NULL
  AND m.healthStatus IS NOT 'Inactive'
  AND m.lastSeen > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM aging), '-7 days')
  AND k.machine_id NOT IN (SELECT machine_id FROM unread_software)
  AND k.machine_id NOT IN (SELECT machine_id FROM changed_software EXCEPT SELECT machine_id FROM read_software);
DELETE FROM machine_software WHERE machine_id IN (SELECT machine_id FROM bare_machine);
DELETE FROM kept_software WHERE machine_id IN (SELECT machine_id FROM bare_machine);

-- A whole reading says it of all machines at once. (A full import's snapshot has been through this, and holds what was found.)
DROP TABLE IF EXISTS temp.whole_software;
CREATE TEMP TABLE whole_software (live INTEGER NOT NULL) STRICT;
INSERT INTO whole_software
SELECT (SELECT digest FROM stage.run) IS NULL FROM removes WHERE dataset = 'vulnerabilities' AND whole;
-- Who is heard of has lost such rows in the merge. (From machine to machine by the key: half the time of reading all rows.)
INSERT INTO stage.kept_software
WITH RECURSIVE known(machine_id) AS (
  SELECT (SELECT min(machine_id) FROM machine_software) FROM whole_software WHERE live
  UNION ALL
  SELECT (SELECT min(s.machine_id) FROM machine_software s WHERE s.machine_id > known.machine_id) FROM known
  WHERE machine_id IS NOT NULL)
SELECT v.key
FROM known CROSS JOIN vertex v ON v.vertex_id = known.machine_id
WHERE NOT EXISTS (SELECT 1 FROM staged_software s WHERE s.machine_id = v.vertex_id)
  AND NOT EXISTS (SELECT 1 FROM MachineInfo m
                  WHERE m.id = v.key AND m.healthStatus IS NOT 'Inactive'
                    AND m.lastSeen > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM aging), '-7 days'))
EXCEPT
SELECT s.DeviceId FROM stage.SoftwareVulnerabilities s WHERE s.set_aside IS NOT NULL AND typeof(s.DeviceId) = 'text';
DELETE FROM kept_software WHERE EXISTS (SELECT 1 FROM whole_software);
INSERT INTO kept_software
SELECT v.vertex_id, (SELECT run_id FROM stage.run)
FROM whole_software w CROSS JOIN stage.kept_software k CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = k.DeviceId;

-- The score in the rows themselves, of each CVE that was read: of a reading the highest, of changes the newest. Rows of a CVE
-- that tell none any longer take it back; of changes nothing is taken for that. (A snapshot has been through this.)
INSERT OR REPLACE INTO stage.row_score
SELECT CveId, max(CASE WHEN typeof(CvssScore) <> 'blob' AND CAST(CvssScore AS REAL) BETWEEN 0 AND 10
                        AND CvssScore NOT GLOB '*[^0-9.]*' THEN CAST(CvssScore AS REAL) END)
FROM stage.run r
CROSS JOIN (SELECT 1 WHERE EXISTS (SELECT 1 FROM RowScore)  -- hunting's rows have no scores
                        OR EXISTS (SELECT 1 FROM stage.SoftwareVulnerabilities WHERE CvssScore IS NOT NULL))
CROSS JOIN stage.SoftwareVulnerabilities s
WHERE r.digest IS NULL AND s.set_aside IS NULL AND s.CveId <> ''
  AND (s.CvssScore IS NOT NULL OR EXISTS (SELECT 1 FROM RowScore k WHERE k.CveId = s.CveId))
GROUP BY CveId;
INSERT OR REPLACE INTO stage.row_score
SELECT CveId, max(score)
FROM (SELECT s.CveId, CAST(s.CvssScore AS REAL) AS score,
             rank() OVER (PARTITION BY s.CveId ORDER BY julianday(s.eventTimestamp) DESC) AS place
      FROM stage.run r CROSS JOIN stage.SoftwareVulnerabilityChanges s
      WHERE r.digest IS NULL AND s.set_aside IS NULL AND s.CveId <> '' AND typeof(s.CvssScore) <> 'blob'
        AND CAST(s.CvssScore AS REAL) BETWEEN 0 AND 10 AND s.CvssScore NOT GLOB '*[^0-9.]*')
WHERE place = 1
GROUP BY CveId;
INSERT INTO RowScore
SELECT CveId, CvssScore, (SELECT run_id FROM stage.run) FROM stage.row_score WHERE true
ON CONFLICT DO UPDATE SET CvssScore = excluded.CvssScore, run_id = excluded.run_id
WHERE CvssScore IS NOT excluded.CvssScore;

INSERT OR IGNORE INTO touched
SELECT v.key, 'software' FROM touched_software t CROSS JOIN vertex v ON v.vertex_id = t.machine_id;
