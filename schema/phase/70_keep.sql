-- stage → kept: an incremental run's snapshot without the rows that told nothing new. It builds on the run before, so what
-- the mirror had already need not stand in it, and what a whole reading lacked stands in the gone_ tables. (A full import
-- keeps its stage as it is: a chain can begin there.) Runs after derive's commit, while its working tables are still there.

INSERT INTO kept.run SELECT * FROM stage.run;
UPDATE kept.run SET pruned = 1;
INSERT INTO kept.dataset SELECT * FROM stage.dataset;
UPDATE kept.dataset SET records = CASE name
    WHEN 'machines' THEN (SELECT count(*) FROM stage.MachineInfo)
    WHEN 'network' THEN (SELECT count(*) FROM stage.MachineNetworkInfo)
    WHEN 'users' THEN (SELECT count(*) FROM stage.LogonUsers)
    WHEN 'alerts' THEN (SELECT count(*) FROM stage.Alerts)
    WHEN 'vulnerabilities' THEN (SELECT count(*) FROM stage.SoftwareVulnerabilities)
                              + (SELECT count(*) FROM stage.SoftwareVulnerabilityChanges)
    WHEN 'knowledge_base' THEN (SELECT count(*) FROM stage.VulnerabilityKb) END
WHERE records IS NULL;

-- A row told something when this run wrote the mirror's row of it, or when its machine was looked at anew; and each that was
-- set aside is kept for its reason.
INSERT INTO kept.MachineInfo
SELECT s.* FROM stage.MachineInfo s LEFT JOIN main.MachineInfo m ON m.id = s.id
WHERE s.set_aside IS NOT NULL OR m.run_id IS NULL OR m.run_id = (SELECT run_id FROM stage.run);
INSERT INTO kept.MachineNetworkInfo
SELECT * FROM stage.MachineNetworkInfo
WHERE set_aside IS NOT NULL OR DeviceId IN (SELECT machine FROM touched WHERE aspect IN ('network', 'all'));
INSERT INTO kept.LogonUsers
SELECT * FROM stage.LogonUsers
WHERE set_aside IS NOT NULL OR machineId IN (SELECT machine FROM touched WHERE aspect IN ('users', 'all'));
INSERT INTO kept.DeviceInfo SELECT * FROM stage.DeviceInfo WHERE set_aside IS NOT NULL;  -- the rest stands in LogonUsers
INSERT INTO kept.Alerts
SELECT s.* FROM stage.Alerts s LEFT JOIN main.Alerts a ON a.id = s.id
WHERE s.set_aside IS NOT NULL OR a.run_id IS NULL OR a.run_id = (SELECT run_id FROM stage.run);
INSERT INTO kept.SoftwareVulnerabilities
SELECT * FROM stage.SoftwareVulnerabilities
WHERE set_aside IS NOT NULL OR DeviceId IN (SELECT machine FROM touched WHERE aspect IN ('software', 'all'));
INSERT INTO kept.SoftwareVulnerabilityChanges
SELECT * FROM stage.SoftwareVulnerabilityChanges
WHERE set_aside IS NOT NULL OR DeviceId IN (SELECT machine FROM touched WHERE aspect IN ('software', 'all'));
INSERT INTO kept.VulnerabilityKb
SELECT s.* FROM stage.VulnerabilityKb s LEFT JOIN main.VulnerabilityKb k ON k.CveId = s.CveId
WHERE s.set_aside IS NOT NULL OR k.run_id IS NULL OR k.run_id = (SELECT run_id FROM stage.run);

-- These are about this run alone, and small.
INSERT INTO kept.users_reading SELECT * FROM stage.users_reading;
INSERT INTO kept.software_reading SELECT * FROM stage.software_reading;
INSERT INTO kept.returned_claim SELECT * FROM stage.returned_claim;
INSERT INTO kept.returned_asset SELECT * FROM stage.returned_asset;
INSERT INTO kept.withheld SELECT * FROM stage.withheld;
INSERT INTO kept.graph_change SELECT * FROM stage.graph_change;
INSERT INTO kept.graph_part SELECT * FROM stage.graph_part;
INSERT INTO kept.gone_machine SELECT * FROM stage.gone_machine;
INSERT INTO kept.refused_machine SELECT * FROM stage.refused_machine;
INSERT INTO kept.gone_adapter SELECT * FROM stage.gone_adapter;
INSERT INTO kept.gone_user SELECT * FROM stage.gone_user;
INSERT INTO kept.gone_alert SELECT * FROM stage.gone_alert;
INSERT INTO kept.gone_software SELECT * FROM stage.gone_software;
INSERT INTO kept.left_out SELECT * FROM stage.left_out;
INSERT INTO kept.row_score
SELECT s.* FROM stage.row_score s CROSS JOIN main.RowScore k ON k.CveId = s.CveId
WHERE k.run_id = (SELECT run_id FROM stage.run);
