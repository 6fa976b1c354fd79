-- The third layout that replay reads, as it was: what a file of it is held against. stage/40_from_3.sql brings a copy up.

-- The stage of one run: a SQLite file of its own, attached as `stage`, kept afterwards as the run's snapshot.
-- Columns take whatever type came (ANY): phase/10_accept.sql judges, and writes into set_aside why a record cannot
-- be used. No table has a key: a record that comes twice is there twice until phase/10_accept.sql says which one counts.

PRAGMA stage.journal_mode = MEMORY;
PRAGMA stage.synchronous = OFF;      -- a crash while fetching throws the stage away; settle makes it durable
PRAGMA stage.application_id = 0x64637361;  -- "dcsa"
PRAGMA stage.user_version = 3;         -- of this layout

-- The run's clock and parameters, one row.
CREATE TABLE stage.run (
  run_id          INTEGER PRIMARY KEY,
  mode            TEXT NOT NULL,
  reason          TEXT NOT NULL,
  now             TEXT NOT NULL,     -- Defender's clock at its first answer; see clock_agreed
  tenant          TEXT NOT NULL,
  source          TEXT NOT NULL,
  identity_model  TEXT NOT NULL,     -- user, account
  network_source  TEXT NOT NULL,     -- hunting, machines
  program         TEXT NOT NULL,
  report          INTEGER NOT NULL,  -- ms: the report's key in CAR, and the model_state_id that the run leaves there
  session         INTEGER NOT NULL DEFAULT 1,  -- 0: a full import went without CAR's session, so nothing fell away
  derivation      TEXT NOT NULL,     -- fingerprint of the schema/ that derived
  builds_on       TEXT NOT NULL,     -- the digest before; '': the first run
  digest          TEXT,              -- schema/phase/60_digest.sql; NULL until derive is through
  pruned          INTEGER NOT NULL DEFAULT 0,  -- 1: rows that told nothing new were left out (schema/phase/70_keep.sql)
  clock_agreed    INTEGER NOT NULL DEFAULT 1   -- 0: Defender's clock agrees neither with this host's nor with CAR's, so
                                               -- nothing is removed by age, and now is the last run's
) STRICT;

-- One row a dataset. `whole`: it asked for everything, so what it lacks is gone. state is `complete` only after the
-- last page passed its checks.
CREATE TABLE stage.dataset (
  name    TEXT PRIMARY KEY,          -- machines, network, users, alerts, vulnerabilities, knowledge_base
  state   TEXT NOT NULL DEFAULT 'incomplete',
  whole   INTEGER NOT NULL,
  since   TEXT,                      -- where its window begins
  problem TEXT,
  cursor_stays INTEGER NOT NULL DEFAULT 0, -- "none" was said by 404: the next window begins where this one did
  records INTEGER,                   -- how many were read, where the table does not hold them all; NULL: it does
  not_understood INTEGER NOT NULL DEFAULT 0, -- elements that are no records; where there are any, it removes nothing
  duplicates INTEGER NOT NULL DEFAULT 0      -- records that did not count, since another one of their key is newer
) STRICT, WITHOUT ROWID;

CREATE TABLE stage.MachineInfo (
  id ANY, computerDnsName ANY, osPlatform ANY, healthStatus ANY, firstSeen ANY, lastSeen ANY,
  lastIpAddress ANY, lastExternalIpAddress ANY, ipAddresses ANY, onboardingStatus ANY, version ANY, riskScore ANY,
  exposureLevel ANY, rbacGroupName ANY, set_aside TEXT
) STRICT;
CREATE INDEX stage.machine_by_id ON MachineInfo (id);

CREATE TABLE stage.MachineNetworkInfo (
  DeviceId ANY, NetworkAdapterName ANY, MacAddress ANY, Timestamp ANY, IPAddresses ANY, set_aside TEXT,
  NetworkAdapterStatus ANY
) STRICT;

CREATE TABLE stage.Alerts (
  id ANY, machineId ANY, title ANY, description ANY, severity ANY, status ANY, alertCreationTime ANY,
  firstEventTime ANY, lastUpdateTime ANY, resolvedTime ANY, set_aside TEXT
) STRICT;
CREATE INDEX stage.alert_by_id ON Alerts (id);

CREATE TABLE stage.LogonUsers (
  machineId ANY, accountName ANY, accountDomain ANY, set_aside TEXT, accountSid ANY
) STRICT;

-- DeviceInfo rows of hunting: the cell is taken apart into LogonUsers.
CREATE TABLE stage.DeviceInfo (
  DeviceId ANY, Timestamp ANY, LoggedOnUsers ANY, set_aside TEXT
) STRICT;

-- Machines whose users were asked for, and how that ended: read, absent (404), refused (an answer that is this machine's
-- alone), failed.
CREATE TABLE stage.users_reading (
  machineId TEXT PRIMARY KEY,
  source    TEXT NOT NULL,           -- api, hunting
  state     TEXT NOT NULL CHECK (state = 'read' OR state = 'asked' OR state = 'absent' OR state = 'refused' OR
                                              state = 'failed'),
  problem   TEXT,                    -- of a refusal: what came back
  not_understood INTEGER NOT NULL DEFAULT 0  -- elements that are no users; where there are any, none is removed
) STRICT, WITHOUT ROWID;

CREATE TABLE stage.SoftwareVulnerabilities (
  DeviceId ANY, SoftwareVendor ANY, SoftwareName ANY, SoftwareVersion ANY, CveId ANY, set_aside TEXT, CvssScore ANY
) STRICT;

-- Machines a partial reading of vulnerabilities asked for; empty when everything was asked for.
CREATE TABLE stage.software_reading (
  DeviceId TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE stage.VulnerabilityKb (
  CveId ANY, CvssScore ANY, VulnerabilityDescription ANY, PublishedDate ANY, LastModifiedTime ANY, set_aside TEXT
) STRICT;

-- What earlier runs promised to CAR and did not finish, as phase/05_return.sql undid it before this run's reading counted.
CREATE TABLE stage.returned_claim (
  machine TEXT NOT NULL, aspect TEXT NOT NULL, collection TEXT NOT NULL, from_collection TEXT NOT NULL,
  from_key TEXT NOT NULL, to_collection TEXT NOT NULL, to_key TEXT NOT NULL, run_id INTEGER NOT NULL,
  PRIMARY KEY (machine, aspect, collection, from_collection, from_key, to_collection, to_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE stage.returned_asset (
  machine TEXT PRIMARY KEY, run_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a guard held back in this run: 'delete', or an edge collection.
CREATE TABLE stage.withheld (
  kind TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What the digest was made of: the changes of an incremental run, line by line; of a full import a hash for each vertex and
-- the edges that begin there, so that a replay can say where it differs.
CREATE TABLE stage.graph_change (
  position INTEGER PRIMARY KEY,
  line     TEXT NOT NULL
) STRICT;
CREATE TABLE stage.graph_part (
  collection TEXT NOT NULL, key TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (collection, key)
) STRICT, WITHOUT ROWID;

-- Machines that answered 404 by id: only this lets an asset go that a full list no longer names.
CREATE TABLE stage.gone_machine (
  id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Assets that a full list no longer names, and whose question by id Defender refuses: they stay, and what the other readings
-- lack of them is not believed.
CREATE TABLE stage.refused_machine (
  id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What left the mirror in this run, noted by the triggers of phase/00_begin.sql. In a pruned snapshot it stands for all that
-- a whole reading lacked.
CREATE TABLE stage.gone_adapter (
  DeviceId TEXT NOT NULL, NetworkAdapterName TEXT NOT NULL, MacAddress TEXT NOT NULL,
  PRIMARY KEY (DeviceId, NetworkAdapterName, MacAddress)
) STRICT, WITHOUT ROWID;
CREATE TABLE stage.gone_user (
  machineId TEXT NOT NULL, accountName TEXT NOT NULL, accountDomain TEXT NOT NULL,
  PRIMARY KEY (machineId, accountName, accountDomain)
) STRICT, WITHOUT ROWID;
CREATE TABLE stage.gone_alert (
  id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE stage.gone_software (
  DeviceId TEXT NOT NULL, SoftwareVendor TEXT NOT NULL, SoftwareName TEXT NOT NULL, SoftwareVersion TEXT NOT NULL,
  CveId TEXT NOT NULL,
  PRIMARY KEY (DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId)
) STRICT, WITHOUT ROWID;

-- What became New, Fixed or Updated by the vulnerability export since the last reading: in place of SoftwareVulnerabilities
-- between its whole readings. One row an event; phase/25_changes.sql decides which is a row's last word.
CREATE TABLE stage.SoftwareVulnerabilityChanges (
  DeviceId ANY, SoftwareVendor ANY, SoftwareName ANY, SoftwareVersion ANY, CveId ANY, rbacGroupName ANY, status ANY,
  eventTimestamp ANY, set_aside TEXT, CvssScore ANY
) STRICT;

-- Machines that a whole reading of the software lacks and whose rows stay, since they are silent.
CREATE TABLE stage.kept_software (
  DeviceId TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Values that mean nothing, as they came (phase/08_nothing.sql): the tables above have NULL in their place.
CREATE TABLE stage.left_out (
  source TEXT NOT NULL, record_key TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (source, record_key, field, value)
) STRICT, WITHOUT ROWID;

-- The scores in the software's own rows (phase/25_changes.sql). A pruned snapshot holds those that were news.
CREATE TABLE stage.row_score (
  CveId TEXT PRIMARY KEY, CvssScore REAL
) STRICT, WITHOUT ROWID;
