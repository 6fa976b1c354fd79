-- A copy of a snapshot of layout 2, brought up to layout 3.
ALTER TABLE stage.run ADD COLUMN clock_agreed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE stage.dataset ADD COLUMN not_understood INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage.dataset ADD COLUMN duplicates INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage.MachineNetworkInfo ADD COLUMN NetworkAdapterStatus ANY;
ALTER TABLE stage.LogonUsers ADD COLUMN accountSid ANY;
ALTER TABLE stage.SoftwareVulnerabilities ADD COLUMN CvssScore ANY;
ALTER TABLE stage.SoftwareVulnerabilityChanges ADD COLUMN CvssScore ANY;
ALTER TABLE stage.users_reading RENAME TO users_reading_2;
CREATE TABLE stage.users_reading (
  machineId TEXT PRIMARY KEY,
  source    TEXT NOT NULL,
  state     TEXT NOT NULL CHECK (state = 'read' OR state = 'asked' OR state = 'absent' OR state = 'refused' OR
                                 state = 'failed'),
  problem   TEXT,
  not_understood INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO stage.users_reading (machineId, source, state) SELECT machineId, source, state FROM stage.users_reading_2;
DROP TABLE stage.users_reading_2;
CREATE TABLE stage.refused_machine (
  id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE stage.left_out (
  source TEXT NOT NULL, record_key TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (source, record_key, field, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE stage.row_score (
  CveId TEXT PRIMARY KEY, CvssScore REAL
) STRICT, WITHOUT ROWID;
PRAGMA stage.user_version = 3;
