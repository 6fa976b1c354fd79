-- A copy of a snapshot of layout 1, brought up to layout 2.
ALTER TABLE stage.run ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage.dataset ADD COLUMN records INTEGER;
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
CREATE TABLE stage.SoftwareVulnerabilityChanges (
  DeviceId ANY, SoftwareVendor ANY, SoftwareName ANY, SoftwareVersion ANY, CveId ANY, rbacGroupName ANY, status ANY,
  eventTimestamp ANY, set_aside TEXT
) STRICT;
CREATE TABLE stage.kept_software (
  DeviceId TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
PRAGMA stage.user_version = 2;
