-- The durable tables: what neither Defender nor CAR could give back, or what the audit needs.
-- Times are ISO 8601, UTC, milliseconds, so that text order is time order. Names of vertices' and edges'
-- collections are CAR's, but for four kinds that CAR keeps in two collections: alert and cve are `vulnerability`
-- there, os and application are `application` (view collection).

PRAGMA application_id = 0x64636172;  -- "dcar"

-- One value a name: tenant, source, identity_model, network_source, model_state_id, previous_model_state_id,
-- full_due (why the next run must be full), address_form, derivation (fingerprint of schema/).
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a run, written at its start and completed at its end. A run without finished_at was killed.
CREATE TABLE run (
  run_id         INTEGER PRIMARY KEY,
  mode           TEXT,               -- full, incremental; NULL: it ended before that was decided
  reason         TEXT,               -- why that mode
  started_at     TEXT NOT NULL,      -- this machine's clock
  clock_at       TEXT,               -- Defender's clock at the first answer: the run's "now"
  finished_at    TEXT,
  outcome        TEXT CHECK (outcome IN ('done', 'partial', 'held', 'failed', 'interrupted')),
  failure        TEXT,               -- kind of the failure that decided the exit code
  error          TEXT,
  defender_calls INTEGER NOT NULL DEFAULT 0,
  car_calls      INTEGER NOT NULL DEFAULT 0,
  snapshot       TEXT                -- file name in snapshots/
) STRICT;

-- How each dataset of each run was read.
CREATE TABLE run_dataset (
  run_id  INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name    TEXT NOT NULL,             -- machines, network, users, alerts, vulnerabilities
  state   TEXT NOT NULL CHECK (state IN ('complete', 'incomplete', 'held', 'excluded', 'unavailable')),
  records INTEGER NOT NULL,
  problem TEXT,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

-- The start of the last run in which a dataset was complete: windows begin there, less an overlap.
CREATE TABLE cursor (
  name TEXT PRIMARY KEY,
  at   TEXT NOT NULL,
  run_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

--------------------------------------------------------------------------------------------- the mirror of Defender
-- Names and columns are Defender's. Written by derive only (schema/phase/20_merge.sql).

CREATE TABLE MachineInfo (
  id                    TEXT PRIMARY KEY,
  computerDnsName       TEXT,
  osPlatform            TEXT,
  healthStatus          TEXT,
  firstSeen             TEXT,
  lastSeen              TEXT,
  lastIpAddress         TEXT,
  lastExternalIpAddress TEXT,
  ipAddresses           TEXT,        -- JSON array of {ipAddress, macAddress, type, operationalStatus}
  onboardingStatus      TEXT,
  version               TEXT,
  riskScore             TEXT,
  exposureLevel         TEXT,
  rbacGroupName         TEXT,
  run_id                INTEGER NOT NULL,  -- the run that last changed this row
  usersReadAt           TEXT         -- the lastSeen at which its logon users were last read whole
) STRICT;
CREATE INDEX machine_by_name ON MachineInfo (computerDnsName);
CREATE INDEX machine_by_unread_users ON MachineInfo (id) WHERE usersReadAt IS NOT lastSeen;
CREATE INDEX machine_by_silence ON MachineInfo (lastSeen) WHERE healthStatus = 'Inactive';

CREATE TABLE MachineNetworkInfo (
  DeviceId           TEXT NOT NULL,
  NetworkAdapterName TEXT NOT NULL,
  MacAddress         TEXT NOT NULL,  -- as it came
  IPAddresses        TEXT NOT NULL,  -- JSON array of {IPAddress, SubnetPrefix, AddressType}
  Timestamp          TEXT NOT NULL,
  run_id             INTEGER NOT NULL,
  PRIMARY KEY (DeviceId, NetworkAdapterName, MacAddress)
) STRICT, WITHOUT ROWID;
CREATE INDEX network_by_time ON MachineNetworkInfo (Timestamp);

CREATE TABLE Alerts (
  id                TEXT PRIMARY KEY,
  machineId         TEXT,
  title             TEXT,
  description       TEXT,
  severity          TEXT,
  status            TEXT,
  alertCreationTime TEXT,
  firstEventTime    TEXT,
  lastUpdateTime    TEXT,
  resolvedTime      TEXT,
  run_id            INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_by_machine ON Alerts (machineId);

CREATE TABLE LogonUsers (
  machineId     TEXT NOT NULL,
  accountName   TEXT NOT NULL,
  accountDomain TEXT NOT NULL,
  run_id        INTEGER NOT NULL,
  PRIMARY KEY (machineId, accountName, accountDomain)
) STRICT, WITHOUT ROWID;
CREATE INDEX logon_user_by_account ON LogonUsers (accountName);

CREATE TABLE SoftwareVulnerabilities (
  DeviceId        TEXT NOT NULL,
  SoftwareVendor  TEXT NOT NULL,
  SoftwareName    TEXT NOT NULL,
  SoftwareVersion TEXT NOT NULL,
  CveId           TEXT NOT NULL,     -- '' for software without a CVE
  run_id          INTEGER NOT NULL,
  PRIMARY KEY (DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId)
) STRICT, WITHOUT ROWID;
CREATE INDEX software_by_cve ON SoftwareVulnerabilities (CveId);

CREATE TABLE VulnerabilityKb (
  CveId                    TEXT PRIMARY KEY,
  CvssScore                REAL,
  VulnerabilityDescription TEXT,
  PublishedDate            TEXT,
  LastModifiedTime         TEXT,
  run_id                   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

------------------------------------------------------------------------------------------------ the graph
-- Each vertex and edge has its name written once; all else speaks of it by number.

CREATE TABLE vertex (
  vertex_id  INTEGER PRIMARY KEY,
  collection TEXT NOT NULL,          -- asset, hostname, ipaddress, macaddress, user, account, alert, cve, application, os
  key        TEXT NOT NULL,
  UNIQUE (collection, key)
) STRICT;

CREATE TABLE edge (
  edge_id    INTEGER PRIMARY KEY,
  collection TEXT NOT NULL,          -- asset_ipaddress, …
  from_id    INTEGER NOT NULL REFERENCES vertex,
  to_id      INTEGER NOT NULL REFERENCES vertex,
  UNIQUE (from_id, to_id, collection)
) STRICT;
CREATE INDEX edge_by_end ON edge (to_id);

-- The machines that CAR shall hold as assets. Written by derive.
CREATE TABLE asset (
  vertex_id INTEGER PRIMARY KEY REFERENCES vertex,
  run_id    INTEGER NOT NULL         -- the run in which it became one
) STRICT;

-- What each machine says of the graph, by aspect. An edge is desired while any claim holds it. Written by derive.
CREATE TABLE claim (
  machine_id INTEGER NOT NULL REFERENCES vertex,
  aspect     TEXT NOT NULL CHECK (aspect IN ('machine', 'network', 'users', 'alerts', 'software')),
  edge_id    INTEGER NOT NULL REFERENCES edge,
  run_id     INTEGER NOT NULL,       -- the run in which it began
  PRIMARY KEY (machine_id, aspect, edge_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_by_edge ON claim (edge_id);

-- Machines that the next run must derive anew although nothing of theirs changes: a removal was held back.
CREATE TABLE due (
  machine TEXT NOT NULL,
  aspect  TEXT NOT NULL,
  reason  TEXT NOT NULL,
  run_id  INTEGER NOT NULL,
  PRIMARY KEY (machine, aspect)
) STRICT, WITHOUT ROWID;

-- What CAR holds, by CAR's own answers and by nothing else.
CREATE TABLE acknowledged_vertex (
  vertex_id     INTEGER PRIMARY KEY REFERENCES vertex,
  body          TEXT NOT NULL,       -- as it was sent
  since         TEXT NOT NULL,
  since_run     INTEGER NOT NULL,
  confirmed_run INTEGER NOT NULL     -- the last run that reported it
) STRICT;

CREATE TABLE acknowledged_edge (
  edge_id       INTEGER PRIMARY KEY REFERENCES edge,
  last_modified INTEGER,             -- ms; the alert's lastUpdateTime that CAR knows
  since         TEXT NOT NULL,
  since_run     INTEGER NOT NULL,
  confirmed_run INTEGER NOT NULL
) STRICT;

------------------------------------------------------------------------------------------------ delivery
-- What was promised to CAR and is not acknowledged yet. Written by diff before the first byte is sent.
CREATE TABLE outbox (
  item_id       INTEGER PRIMARY KEY,
  run_id        INTEGER NOT NULL REFERENCES run,
  operation     TEXT NOT NULL CHECK (operation IN ('vertex', 'edge', 'disable', 'touch', 'delete')),
  collection    TEXT NOT NULL,       -- CAR's
  object_id     INTEGER NOT NULL,    -- of the vertex or edge
  reason        TEXT NOT NULL,
  evidence      TEXT,                -- the machine, or the Defender row, behind it
  body          TEXT,                -- of a vertex
  last_modified INTEGER,             -- ms; of an alert's edge
  machine_id    INTEGER,             -- of a disable: whose claim was lost, and in which aspect
  aspect        TEXT
) STRICT;

-- A stretch of the outbox that was handed to CAR in one request. Its presence says: CAR may have carried it out.
CREATE TABLE batch (
  batch_id   INTEGER PRIMARY KEY,
  run_id     INTEGER NOT NULL REFERENCES run,
  operation  TEXT NOT NULL,
  first_item INTEGER NOT NULL,
  last_item  INTEGER NOT NULL,
  job_id     TEXT,                   -- of an import
  sent_at    TEXT NOT NULL
) STRICT;

-- Every operation that CAR answered for. Append-only; counts of summaries come from here.
CREATE TABLE ledger (
  ledger_id  INTEGER PRIMARY KEY,
  run_id     INTEGER NOT NULL,
  at         TEXT NOT NULL,
  operation  TEXT NOT NULL,          -- vertex, edge, disable, touch, delete, drop
  collection TEXT NOT NULL,
  reason     TEXT NOT NULL,
  records    INTEGER NOT NULL,       -- of an import envelope or a session's end; 1 for a PATCH or DELETE
  object     TEXT,                   -- "A -> B", or the asset's id; NULL for imports: acknowledged_* have them
  evidence   TEXT,
  answer     TEXT                    -- CAR's: "200", "404: was gone", the import job's id
) STRICT;
CREATE INDEX ledger_by_run ON ledger (run_id);
CREATE INDEX ledger_by_object ON ledger (object);

-- Records that could not be used, and what CAR refused. Nothing is lost: what they would have said stays as last known.
CREATE TABLE rejected (
  dataset    TEXT NOT NULL,          -- machines, network, users, alerts, vulnerabilities, CAR
  record_key TEXT NOT NULL,
  reason     TEXT NOT NULL,
  record     TEXT,                   -- at most 2,000 characters
  first_run  INTEGER NOT NULL,
  last_run   INTEGER NOT NULL,
  PRIMARY KEY (dataset, record_key, reason)
) STRICT, WITHOUT ROWID;

-- What CAR refused in that very form: not sent again unchanged, and the edges of such a vertex wait with it.
CREATE TABLE refused_vertex (
  vertex_id INTEGER PRIMARY KEY REFERENCES vertex,
  body      TEXT NOT NULL,
  reason    TEXT NOT NULL,
  run_id    INTEGER NOT NULL
) STRICT;

CREATE TABLE refused_edge (
  edge_id INTEGER PRIMARY KEY REFERENCES edge,
  reason  TEXT NOT NULL,
  run_id  INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 1;
