-- What else Defender knows of a machine, for CAR's own fields and for the scope.
ALTER TABLE MachineInfo ADD COLUMN deviceValue TEXT;
ALTER TABLE MachineInfo ADD COLUMN machineTags TEXT NOT NULL DEFAULT '[]';  -- JSON array, as it came
ALTER TABLE MachineInfo ADD COLUMN isExcluded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE MachineInfo ADD COLUMN mergedIntoMachineId TEXT;
CREATE INDEX machine_by_merge ON MachineInfo (mergedIntoMachineId) WHERE mergedIntoMachineId IS NOT NULL;

-- domain\name in lower case, with --account-key domain-name; NULL: the account's name is its key.
ALTER TABLE LogonUsers ADD COLUMN accountKey TEXT;
CREATE INDEX logon_user_by_key ON LogonUsers (accountKey, accountName) WHERE accountKey IS NOT NULL;

-- Fields and tags that CAR may hold by our word although acknowledged_vertex does not say so: of an import without an answer,
-- and of a field that CAR's import schema has ceased to name. A row goes when CAR has been told what holds now.
CREATE TABLE possible_field (
  vertex_id INTEGER NOT NULL,
  field     TEXT NOT NULL,           -- view body_field
  value     TEXT NOT NULL,           -- of a tag; of other fields ''
  PRIMARY KEY (vertex_id, field, value)
) STRICT, WITHOUT ROWID;

-- Of a state of an older program nobody knows the new columns: the next window of the machine list holds all machines.
UPDATE cursor SET at = '1970-01-02T00:00:00.000Z' WHERE name = 'machines';

PRAGMA user_version = 12;
