-- The newer record of a machine counts, by lastSeen, but for one whose lastSeen was ahead of Defender's clock when it was
-- read: that one counted as of that very reading, and outweighs none of a later one.
ALTER TABLE MachineInfo ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;

-- How many staged records of a run were set aside, each counted once. NULL: an older program ran, and `rejected` tells.
ALTER TABLE run ADD COLUMN set_aside INTEGER;

-- A machine id of 40 hex digits is one machine whatever its case, and is written in lower case from here on. Assets that CAR
-- holds under another form keep that form: another key would be another asset.
CREATE TABLE machine_id_form (
  id    TEXT PRIMARY KEY,            -- in lower case
  known TEXT NOT NULL                -- the key of the asset
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO machine_id_form
SELECT lower(v.key), v.key FROM asset a JOIN vertex v ON v.vertex_id = a.vertex_id
WHERE length(v.key) = 40 AND v.key NOT GLOB '*[^0-9a-fA-F]*' AND v.key GLOB '*[A-F]*'
  AND NOT EXISTS (SELECT 1 FROM vertex l JOIN asset b ON b.vertex_id = l.vertex_id
                  WHERE l.collection = 'asset' AND l.key = lower(v.key))
ORDER BY v.key;
-- What other APIs said of such machines stands under their own forms: it is read anew, all of it.
INSERT OR IGNORE INTO setting
SELECT 'full_due', 'machine ids that differ in case alone are one machine from here on'
WHERE EXISTS (SELECT 1 FROM machine_id_form)
   OR EXISTS (SELECT 1 FROM vertex v WHERE v.collection = 'asset'
              AND length(v.key) = 40 AND v.key NOT GLOB '*[^0-9a-fA-F]*' AND v.key GLOB '*[A-F]*')
   OR EXISTS (SELECT 1 FROM Alerts
              WHERE length(machineId) = 40 AND machineId NOT GLOB '*[^0-9a-fA-F]*' AND machineId GLOB '*[A-F]*')
   OR EXISTS (SELECT 1 FROM MachineNetworkInfo
              WHERE length(DeviceId) = 40 AND DeviceId NOT GLOB '*[^0-9a-fA-F]*' AND DeviceId GLOB '*[A-F]*');

PRAGMA user_version = 9;
