-- What a value means, beside the value: whose account it is, whether an adapter is up, which score a vulnerability's own rows
-- tell. NULL: Defender did not say, or an older program did not ask.
ALTER TABLE LogonUsers ADD COLUMN accountSid TEXT;
ALTER TABLE MachineNetworkInfo ADD COLUMN NetworkAdapterStatus TEXT;

-- The score in the software's own rows, which counts where the knowledge base has none.
CREATE TABLE RowScore (
  CveId     TEXT PRIMARY KEY,
  CvssScore REAL,                    -- NULL: rows were read, and none tells a score
  run_id    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Values of records in the mirror that mean nothing ("-", a year before 1970 …): the mirror has NULL there, and here stands
-- what Defender said. Written by derive (schema/phase/20_merge.sql).
CREATE TABLE left_out (
  source     TEXT NOT NULL,          -- Defender's table
  record_key TEXT NOT NULL,          -- of users and software the machine
  field      TEXT NOT NULL,
  value      TEXT NOT NULL,
  run_id     INTEGER NOT NULL,
  PRIMARY KEY (source, record_key, field, value)
) STRICT, WITHOUT ROWID;

-- Of a state of an older program nobody knows which adapters are up: all 30 days are read once more.
DELETE FROM cursor WHERE name = 'network';
-- And years before 1970 are no times.
UPDATE MachineInfo SET lastSeen = NULL WHERE lastSeen < '1970';
UPDATE MachineInfo SET firstSeen = NULL WHERE firstSeen < '1970';
UPDATE Alerts SET firstEventTime = NULL WHERE firstEventTime < '1970';
UPDATE Alerts SET alertCreationTime = NULL WHERE alertCreationTime < '1970';
UPDATE Alerts SET lastUpdateTime = NULL WHERE lastUpdateTime < '1970';
UPDATE VulnerabilityKb SET PublishedDate = NULL WHERE PublishedDate < '1970';
UPDATE VulnerabilityKb SET LastModifiedTime = NULL WHERE LastModifiedTime < '1970';

PRAGMA user_version = 10;
