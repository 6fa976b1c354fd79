-- Working tables of one derivation; they go with the transaction when it fails.

DROP TABLE IF EXISTS temp.touched;
CREATE TEMP TABLE touched (          -- what must be derived anew; aspect 'all' stands for every one
  machine TEXT NOT NULL,
  aspect  TEXT NOT NULL,
  PRIMARY KEY (machine, aspect)
) STRICT, WITHOUT ROWID;

-- The time by which something may be removed for its age. No row where no clock is believed: then a border that is counted
-- from it is NULL, and nothing lies beyond it.
DROP TABLE IF EXISTS temp.aging;
CREATE TEMP TABLE aging (now TEXT NOT NULL) STRICT;
INSERT INTO aging SELECT now FROM stage.run WHERE clock_agreed;

-- What counts as ahead of Defender's clock: then a record's own time counts as this reading's. Where no clock is believed
-- nothing does: time stands still then, and each record's own time says which is the newer one (but what lies beyond `soon`
-- is flagged, since it may have been ahead).
DROP TABLE IF EXISTS temp.reading_clock;
CREATE TEMP TABLE reading_clock (now TEXT NOT NULL, soon TEXT NOT NULL, latest TEXT NOT NULL) STRICT;
INSERT INTO reading_clock
SELECT now, soon, CASE WHEN clock_agreed THEN soon ELSE '9999' END
FROM (SELECT now, strftime('%Y-%m-%dT%H:%M:%fZ', now, '+5 minutes') AS soon, clock_agreed FROM stage.run);

DROP TABLE IF EXISTS temp.changed_vertex;
CREATE TEMP TABLE changed_vertex (   -- whose body may have changed
  collection TEXT NOT NULL,
  key        TEXT NOT NULL,
  PRIMARY KEY (collection, key)
) STRICT, WITHOUT ROWID;

-- Whatever changes the mirror touches the machine, and what leaves it is noted in the stage (gone_…): no statement of merge
-- can forget it. (ON CONFLICT here, since the outer statement's OR clause would take the place of one in a trigger.)

DROP TRIGGER IF EXISTS temp.machine_came;
CREATE TEMP TRIGGER machine_came AFTER INSERT ON main.MachineInfo BEGIN
  INSERT INTO touched VALUES (NEW.id, 'all') ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex VALUES ('asset', NEW.id) ON CONFLICT DO NOTHING;
END;
-- lastSeen moves every day and says nothing of the graph, but of an Inactive machine's being an asset.
DROP TRIGGER IF EXISTS temp.machine_changed;
CREATE TEMP TRIGGER machine_changed AFTER UPDATE ON main.MachineInfo
WHEN (OLD.computerDnsName, OLD.osPlatform, OLD.healthStatus, OLD.lastExternalIpAddress)
  IS NOT (NEW.computerDnsName, NEW.osPlatform, NEW.healthStatus, NEW.lastExternalIpAddress)
  OR (OLD.lastSeen IS NOT NEW.lastSeen AND NEW.healthStatus = 'Inactive') BEGIN
  INSERT INTO touched VALUES (NEW.id, 'machine') ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex VALUES ('asset', NEW.id) ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.machine_described;
CREATE TEMP TRIGGER machine_described AFTER UPDATE ON main.MachineInfo
WHEN (OLD.riskScore, OLD.deviceValue, OLD.exposureLevel, OLD.isExcluded)
    IS NOT (NEW.riskScore, NEW.deviceValue, NEW.exposureLevel, NEW.isExcluded)
  OR (OLD.machineTags, OLD.rbacGroupName, OLD.onboardingStatus)
    IS NOT (NEW.machineTags, NEW.rbacGroupName, NEW.onboardingStatus) BEGIN
  INSERT INTO changed_vertex
  SELECT 'asset', NEW.id WHERE EXISTS (SELECT 1 FROM named_field WHERE collection = 'asset') ON CONFLICT DO NOTHING;
END;
-- What the scope asks of a machine.
DROP TRIGGER IF EXISTS temp.machine_scoped;
CREATE TEMP TRIGGER machine_scoped AFTER UPDATE ON main.MachineInfo
WHEN (OLD.machineTags, OLD.rbacGroupName, OLD.onboardingStatus, OLD.mergedIntoMachineId)
    IS NOT (NEW.machineTags, NEW.rbacGroupName, NEW.onboardingStatus, NEW.mergedIntoMachineId) BEGIN
  INSERT INTO touched
  SELECT NEW.id, 'machine' WHERE EXISTS (SELECT 1 FROM scope_rule) ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.machine_renamed;
CREATE TEMP TRIGGER machine_renamed AFTER UPDATE ON main.MachineInfo
WHEN OLD.computerDnsName IS NOT NEW.computerDnsName BEGIN
  INSERT INTO touched VALUES (NEW.id, 'users') ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.machine_moved;
CREATE TEMP TRIGGER machine_moved AFTER UPDATE ON main.MachineInfo
WHEN (OLD.lastIpAddress, OLD.ipAddresses) IS NOT (NEW.lastIpAddress, NEW.ipAddresses) BEGIN
  INSERT INTO touched VALUES (NEW.id, 'network') ON CONFLICT DO NOTHING;
END;

DROP TRIGGER IF EXISTS temp.network_came;
CREATE TEMP TRIGGER network_came AFTER INSERT ON main.MachineNetworkInfo BEGIN
  INSERT INTO touched VALUES (NEW.DeviceId, 'network') ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.network_changed;
CREATE TEMP TRIGGER network_changed AFTER UPDATE ON main.MachineNetworkInfo BEGIN
  INSERT INTO touched VALUES (NEW.DeviceId, 'network') ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.network_went;
CREATE TEMP TRIGGER network_went AFTER DELETE ON main.MachineNetworkInfo BEGIN
  INSERT INTO gone_adapter VALUES (OLD.DeviceId, OLD.NetworkAdapterName, OLD.MacAddress) ON CONFLICT DO NOTHING;
  INSERT INTO touched VALUES (OLD.DeviceId, 'network') ON CONFLICT DO NOTHING;
END;

DROP TRIGGER IF EXISTS temp.user_came;
CREATE TEMP TRIGGER user_came AFTER INSERT ON main.LogonUsers BEGIN
  INSERT INTO touched VALUES (NEW.machineId, 'users') ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex SELECT 'user', NEW.accountKey WHERE NEW.accountKey IS NOT NULL ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.user_changed;
CREATE TEMP TRIGGER user_changed AFTER UPDATE ON main.LogonUsers BEGIN
  INSERT INTO touched VALUES (NEW.machineId, 'users') ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.user_went;
CREATE TEMP TRIGGER user_went AFTER DELETE ON main.LogonUsers BEGIN
  INSERT INTO gone_user VALUES (OLD.machineId, OLD.accountName, OLD.accountDomain) ON CONFLICT DO NOTHING;
  INSERT INTO touched VALUES (OLD.machineId, 'users') ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex SELECT 'user', OLD.accountKey WHERE OLD.accountKey IS NOT NULL ON CONFLICT DO NOTHING;
END;

DROP TRIGGER IF EXISTS temp.alert_came;
CREATE TEMP TRIGGER alert_came AFTER INSERT ON main.Alerts WHEN NEW.machineId IS NOT NULL BEGIN
  INSERT INTO touched VALUES (NEW.machineId, 'alerts') ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex VALUES ('alert', NEW.id) ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.alert_changed;
CREATE TEMP TRIGGER alert_changed AFTER UPDATE ON main.Alerts BEGIN
  INSERT INTO touched SELECT NEW.machineId, 'alerts' WHERE NEW.machineId IS NOT NULL ON CONFLICT DO NOTHING;
  INSERT INTO touched SELECT OLD.machineId, 'alerts' WHERE OLD.machineId IS NOT NULL ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex VALUES ('alert', NEW.id) ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.alert_went;
CREATE TEMP TRIGGER alert_went AFTER DELETE ON main.Alerts BEGIN
  INSERT INTO gone_alert VALUES (OLD.id) ON CONFLICT DO NOTHING;
  INSERT INTO touched SELECT OLD.machineId, 'alerts' WHERE OLD.machineId IS NOT NULL ON CONFLICT DO NOTHING;
END;

-- By number first: there are ten rows a machine. The end of 25_changes adds them to `touched`.
DROP TABLE IF EXISTS temp.touched_software;
CREATE TEMP TABLE touched_software (machine_id INTEGER PRIMARY KEY) STRICT;
DROP TRIGGER IF EXISTS temp.software_came;
CREATE TEMP TRIGGER software_came AFTER INSERT ON main.machine_software BEGIN
  INSERT INTO touched_software VALUES (NEW.machine_id) ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.software_went;
CREATE TEMP TRIGGER software_went AFTER DELETE ON main.machine_software BEGIN
  INSERT INTO gone_software
  SELECT v.key, s.SoftwareVendor, s.SoftwareName, s.SoftwareVersion, s.CveId
  FROM vertex v CROSS JOIN software s WHERE v.vertex_id = OLD.machine_id AND s.software_id = OLD.software_id
  ON CONFLICT DO NOTHING;
  INSERT INTO touched_software VALUES (OLD.machine_id) ON CONFLICT DO NOTHING;
END;

DROP TRIGGER IF EXISTS temp.cve_came;
CREATE TEMP TRIGGER cve_came AFTER INSERT ON main.VulnerabilityKb BEGIN
  INSERT INTO touched_software
  SELECT m.machine_id FROM software s CROSS JOIN machine_software m ON m.software_id = s.software_id
  WHERE s.CveId = NEW.CveId ON CONFLICT DO NOTHING;
  -- CAR may have the CVE already, by the score in its own rows.
  INSERT INTO changed_vertex SELECT 'cve', CveId FROM RowScore WHERE CveId = NEW.CveId ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.cve_changed;
CREATE TEMP TRIGGER cve_changed AFTER UPDATE ON main.VulnerabilityKb
WHEN (OLD.CvssScore, OLD.VulnerabilityDescription, OLD.PublishedDate)
  IS NOT (NEW.CvssScore, NEW.VulnerabilityDescription, NEW.PublishedDate) BEGIN
  INSERT INTO touched_software
  SELECT m.machine_id FROM software s CROSS JOIN machine_software m ON m.software_id = s.software_id
  WHERE s.CveId = NEW.CveId AND (OLD.CvssScore IS NULL) <> (NEW.CvssScore IS NULL) ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex VALUES ('cve', NEW.CveId) ON CONFLICT DO NOTHING;
END;

DROP TRIGGER IF EXISTS temp.cve_modified;
CREATE TEMP TRIGGER cve_modified AFTER UPDATE ON main.VulnerabilityKb
WHEN OLD.LastModifiedTime IS NOT NEW.LastModifiedTime BEGIN
  INSERT INTO changed_vertex
  SELECT 'cve', NEW.CveId WHERE EXISTS (SELECT 1 FROM named_field WHERE field = 'updated_on') ON CONFLICT DO NOTHING;
END;

DROP TRIGGER IF EXISTS temp.score_came;
CREATE TEMP TRIGGER score_came AFTER INSERT ON main.RowScore
WHEN NOT EXISTS (SELECT 1 FROM VulnerabilityKb k WHERE k.CveId = NEW.CveId AND k.CvssScore IS NOT NULL) BEGIN
  INSERT INTO touched_software
  SELECT m.machine_id FROM software s CROSS JOIN machine_software m ON m.software_id = s.software_id
  WHERE s.CveId = NEW.CveId ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex VALUES ('cve', NEW.CveId) ON CONFLICT DO NOTHING;
END;
DROP TRIGGER IF EXISTS temp.score_changed;
CREATE TEMP TRIGGER score_changed AFTER UPDATE ON main.RowScore
WHEN NOT EXISTS (SELECT 1 FROM VulnerabilityKb k WHERE k.CveId = NEW.CveId AND k.CvssScore IS NOT NULL) BEGIN
  INSERT INTO touched_software
  SELECT m.machine_id FROM software s CROSS JOIN machine_software m ON m.software_id = s.software_id
  WHERE s.CveId = NEW.CveId AND (OLD.CvssScore IS NULL) <> (NEW.CvssScore IS NULL) ON CONFLICT DO NOTHING;
  INSERT INTO changed_vertex VALUES ('cve', NEW.CveId) ON CONFLICT DO NOTHING;
END;

-- What a guard withholds in this attempt: 'delete', or an edge collection. Filled by derive between this script and the
-- next one, as are the limits.
DROP TABLE IF EXISTS temp.withheld;
CREATE TEMP TABLE withheld (kind TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
