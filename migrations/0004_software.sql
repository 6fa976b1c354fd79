-- Software is the same on many machines: what it is called and its CVE are written once, and who has it is two numbers.
-- (SoftwareVulnerabilities, as Defender shows it, is a view: schema/view/15_software.sql.)
CREATE TABLE software (
  software_id     INTEGER PRIMARY KEY,
  SoftwareVendor  TEXT NOT NULL,
  SoftwareName    TEXT NOT NULL,
  SoftwareVersion TEXT NOT NULL,
  CveId           TEXT NOT NULL,     -- '' for software without a CVE
  UNIQUE (CveId, SoftwareVendor, SoftwareName, SoftwareVersion)
) STRICT;

CREATE TABLE machine_software (
  machine_id  INTEGER NOT NULL,      -- vertex, of its asset; a machine that is none has a number all the same
  software_id INTEGER NOT NULL,
  run_id      INTEGER NOT NULL,      -- the run that brought it
  PRIMARY KEY (machine_id, software_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX machine_by_software ON machine_software (software_id);

INSERT INTO software (SoftwareVendor, SoftwareName, SoftwareVersion, CveId)
SELECT DISTINCT SoftwareVendor, SoftwareName, SoftwareVersion, CveId FROM SoftwareVulnerabilities;
INSERT OR IGNORE INTO vertex (collection, key) SELECT DISTINCT 'asset', DeviceId FROM SoftwareVulnerabilities;
INSERT INTO machine_software
SELECT v.vertex_id, w.software_id, s.run_id
FROM SoftwareVulnerabilities s
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = s.DeviceId
CROSS JOIN software w ON (w.CveId, w.SoftwareVendor, w.SoftwareName, w.SoftwareVersion)
                       = (s.CveId, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion);
DROP TABLE SoftwareVulnerabilities;

CREATE INDEX alert_by_end ON Alerts (lastUpdateTime) WHERE status = 'Resolved';

-- Asked at every run: with all that is asked, so that no row of a machine is read that has nothing new.
DROP INDEX machine_by_silence;
CREATE INDEX machine_by_silence ON MachineInfo (lastSeen, id, healthStatus) WHERE healthStatus = 'Inactive';
DROP INDEX machine_by_unread_users;
CREATE INDEX machine_by_unread_users ON MachineInfo (id, healthStatus, lastSeen, usersReadAt)
WHERE usersReadAt IS NOT lastSeen;

-- The tables of most rows, made anew with checks that cost little: SQLite builds the list of an IN anew at every row,
-- and looks up each parent that is declared. (Derive and deliver take the numbers from those very tables.)
CREATE TABLE cheap_claim (
  machine_id INTEGER NOT NULL,       -- vertex
  aspect     TEXT NOT NULL CHECK (aspect = 'software' OR aspect = 'network' OR aspect = 'users' OR aspect = 'machine' OR
                                  aspect = 'alerts'),
  edge_id    INTEGER NOT NULL,
  run_id     INTEGER NOT NULL,       -- the run in which it began
  PRIMARY KEY (machine_id, aspect, edge_id)
) STRICT, WITHOUT ROWID;
INSERT INTO cheap_claim SELECT machine_id, aspect, edge_id, run_id FROM claim;
DROP TABLE claim;
ALTER TABLE cheap_claim RENAME TO claim;
CREATE INDEX claim_by_edge ON claim (edge_id);

-- An edge's two ends say which collection it is in (design section 1), so the index need not. Its rows are looked up by
-- other tables' declared keys: those are counted again at the end.
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE old_edge AS SELECT edge_id, collection, from_id, to_id FROM edge;
DROP TABLE edge;
CREATE TABLE edge (
  edge_id    INTEGER PRIMARY KEY,
  collection TEXT NOT NULL,          -- asset_ipaddress, …
  from_id    INTEGER NOT NULL,       -- vertex
  to_id      INTEGER NOT NULL,
  UNIQUE (from_id, to_id)
) STRICT;
INSERT INTO edge SELECT edge_id, collection, from_id, to_id FROM old_edge ORDER BY edge_id;
DROP TABLE old_edge;
CREATE INDEX edge_by_end ON edge (to_id);

CREATE TABLE cheap_acknowledged_edge (
  edge_id       INTEGER PRIMARY KEY,
  last_modified INTEGER,             -- ms; the alert's lastUpdateTime that CAR knows
  since         TEXT NOT NULL,
  since_run     INTEGER NOT NULL,
  confirmed_run INTEGER NOT NULL
) STRICT;
INSERT INTO cheap_acknowledged_edge SELECT edge_id, last_modified, since, since_run, confirmed_run FROM acknowledged_edge;
DROP TABLE acknowledged_edge;
ALTER TABLE cheap_acknowledged_edge RENAME TO acknowledged_edge;

CREATE TABLE cheap_outbox (
  item_id       INTEGER PRIMARY KEY,
  run_id        INTEGER NOT NULL,
  operation     TEXT NOT NULL CHECK (operation = 'edge' OR operation = 'vertex' OR operation = 'disable' OR
                                     operation = 'touch' OR operation = 'delete'),
  collection    TEXT NOT NULL,       -- CAR's
  object_id     INTEGER NOT NULL,    -- of the vertex or edge
  reason        TEXT NOT NULL,
  evidence      TEXT,                -- the machine, or the Defender row, behind it; of a full import's none
  body          TEXT,                -- of a vertex
  last_modified INTEGER,             -- ms; of an alert's edge
  machine_id    INTEGER,             -- of a disable: whose claim was lost, and in which aspect
  aspect        TEXT
) STRICT;
INSERT INTO cheap_outbox SELECT item_id, run_id, operation, collection, object_id, reason, evidence, body, last_modified,
  machine_id, aspect FROM outbox;
DROP TABLE outbox;
-- (No index on object_id: a full import writes a row for each vertex and edge, and takes them out again. Who asks what is under
-- way for one object reads them all, and finds the table empty but while a run is at work.)
ALTER TABLE cheap_outbox RENAME TO outbox;

PRAGMA user_version = 4;
