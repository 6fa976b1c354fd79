-- The desired graph of the machines on the work list: docs/mapping.md, row by row. Each row says who claims which
-- edge, by names; names become numbers afterwards.

-- The machine's own vertex has a number already: from_key is NULL where an edge begins there.
DROP TABLE IF EXISTS temp.derived_name;
CREATE TEMP TABLE derived_name (
  machine_id INTEGER NOT NULL, aspect TEXT NOT NULL, collection TEXT NOT NULL,
  from_collection TEXT NOT NULL, from_key TEXT, to_collection TEXT NOT NULL, to_key TEXT NOT NULL) STRICT;

-- A host name that CAR's own pattern refuses: the asset stays, the name is set aside.
DROP TABLE IF EXISTS temp.host;
CREATE TEMP TABLE host (machine_id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
INSERT OR IGNORE INTO host
SELECT w.machine_id, m.computerDnsName
FROM work w CROSS JOIN MachineInfo m ON m.id = w.machine
WHERE w.aspect IN ('machine', 'users') AND w.is_asset AND m.computerDnsName <> ''
  AND m.computerDnsName NOT GLOB '*[]&#^|?<>[]*';
INSERT INTO rejected
SELECT 'machines', m.id, 'CAR takes no such host name', json_object('computerDnsName', m.computerDnsName),
       (SELECT run_id FROM stage.run), (SELECT run_id FROM stage.run)
FROM work w CROSS JOIN MachineInfo m ON m.id = w.machine
WHERE w.aspect = 'machine' AND w.is_asset AND m.computerDnsName GLOB '*[]&#^|?<>[]*'
ON CONFLICT DO UPDATE SET last_run = excluded.last_run, record = excluded.record;
UPDATE run SET set_aside = set_aside + changes() WHERE run_id = (SELECT run_id FROM stage.run);

INSERT INTO derived_name
SELECT w.machine_id, 'machine', 'asset_hostname', 'asset', NULL, 'hostname', h.name
FROM work w CROSS JOIN host h ON h.machine_id = w.machine_id
WHERE w.aspect = 'machine';

INSERT INTO derived_name
SELECT w.machine_id, 'machine', 'asset_ipaddress', 'asset', NULL, 'ipaddress', m.lastExternalIpAddress
FROM work w CROSS JOIN last_address m ON m.DeviceId = w.machine
WHERE w.aspect = 'machine' AND w.is_asset
  AND m.lastExternalIpAddress <> '' AND m.lastExternalIpAddress NOT GLOB '*[^a-fA-F0-9:.]*';

INSERT INTO derived_name
SELECT w.machine_id, 'machine', 'asset_application', 'asset', NULL, 'os', m.osPlatform
FROM work w CROSS JOIN MachineInfo m ON m.id = w.machine
WHERE w.aspect = 'machine' AND w.is_asset AND m.osPlatform <> '';

---------------------------------------------------------------------------------------------------------- network
DROP TABLE IF EXISTS temp.network;
CREATE TEMP TABLE network (machine_id INTEGER, address TEXT, mac TEXT) STRICT;
-- One statement a source, so that each is asked for the machines on the list alone. First hunting: every current adapter's
-- MAC, and its private addresses.
DROP TABLE IF EXISTS temp.reported;
CREATE TEMP TABLE reported (machine_id INTEGER, mac TEXT, IPAddresses TEXT) STRICT;
INSERT INTO reported
SELECT w.machine_id, a.mac, a.IPAddresses
FROM work w CROSS JOIN current_adapter a ON a.DeviceId = w.machine
WHERE w.aspect = 'network' AND w.is_asset AND (SELECT value FROM setting WHERE name = 'network_source') = 'hunting';
INSERT INTO network
SELECT r.machine_id, substr(j.value ->> 'IPAddress', 1, instr(j.value ->> 'IPAddress' || '%', '%') - 1), r.mac
FROM reported r CROSS JOIN json_each(r.IPAddresses) j
WHERE j.type = 'object' AND j.value ->> 'AddressType' = 'Private'
  AND json_type(j.value, '$.IPAddress') = 'text' AND j.value ->> 'IPAddress' <> '';
INSERT INTO network SELECT machine_id, NULL, mac FROM reported WHERE mac IS NOT NULL;
-- Without hunting: what the machine list says.
INSERT INTO network
SELECT w.machine_id, CASE WHEN l.private THEN l.address END, l.mac
FROM work w CROSS JOIN listed_address l ON l.DeviceId = w.machine
WHERE w.aspect = 'network' AND w.is_asset AND NOT l.down
  AND (SELECT value FROM setting WHERE name = 'network_source') = 'machines';
-- No network row at all: the last address stands, without a MAC.
INSERT INTO network
SELECT w.machine_id, m.lastIpAddress, NULL
FROM work w CROSS JOIN last_address m ON m.DeviceId = w.machine
WHERE w.aspect = 'network' AND w.is_asset AND m.lastIpAddress <> ''
  AND CASE (SELECT value FROM setting WHERE name = 'network_source')
        WHEN 'machines' THEN json_array_length(m.ipAddresses) = 0
        ELSE NOT EXISTS (SELECT 1 FROM MachineNetworkInfo n WHERE n.DeviceId = m.DeviceId)
      END;
-- An address that CAR's pattern refuses is none.
UPDATE network SET address = NULL WHERE address = '' OR address GLOB '*[^a-fA-F0-9:.]*';
INSERT INTO derived_name
SELECT machine_id, 'network', 'asset_ipaddress', 'asset', NULL, 'ipaddress', address FROM network
WHERE address IS NOT NULL;
INSERT INTO derived_name
SELECT machine_id, 'network', 'asset_macaddress', 'asset', NULL, 'macaddress', mac FROM network WHERE mac IS NOT NULL;
INSERT INTO derived_name
SELECT machine_id, 'network', 'ipaddress_macaddress', 'ipaddress', address, 'macaddress', mac FROM network
WHERE address IS NOT NULL AND mac IS NOT NULL;

------------------------------------------------------------------------------------------------------------ users
-- Which of the two identity models CAR speaks decides the rows.
DROP TABLE IF EXISTS temp.logged_on;
CREATE TEMP TABLE logged_on (machine_id INTEGER, account TEXT, host TEXT) STRICT;
INSERT INTO logged_on
SELECT w.machine_id, coalesce(u.accountKey, u.accountName), h.name
FROM work w CROSS JOIN logon_user u ON u.machineId = w.machine LEFT JOIN host h ON h.machine_id = w.machine_id
WHERE w.aspect = 'users' AND w.is_asset AND u.nobody IS NULL;
INSERT INTO derived_name
SELECT machine_id, 'users', 'asset_user', 'asset', NULL, 'user', account FROM logged_on
WHERE (SELECT identity_model FROM stage.run) = 'user';
INSERT INTO derived_name
SELECT machine_id, 'users', 'user_hostname', 'user', account, 'hostname', host FROM logged_on
WHERE (SELECT identity_model FROM stage.run) = 'user' AND host IS NOT NULL;
INSERT INTO derived_name
SELECT machine_id, 'users', 'asset_account', 'asset', NULL, 'account', account FROM logged_on
WHERE (SELECT identity_model FROM stage.run) = 'account';
INSERT INTO derived_name
SELECT machine_id, 'users', 'user_account', 'user', account, 'account', account FROM logged_on
WHERE (SELECT identity_model FROM stage.run) = 'account';
INSERT INTO derived_name
SELECT machine_id, 'users', 'account_hostname', 'account', account, 'hostname', host FROM logged_on
WHERE (SELECT identity_model FROM stage.run) = 'account' AND host IS NOT NULL;

----------------------------------------------------------------------------------------------------------- alerts
INSERT INTO derived_name
SELECT w.machine_id, 'alerts', 'asset_vulnerability', 'asset', NULL, 'alert', a.id
FROM work w CROSS JOIN Alerts a ON a.machineId = w.machine
WHERE w.aspect = 'alerts' AND w.is_asset AND a.status IS NOT 'Resolved';

------------------------------------------------------------------------------------------- names become numbers
-- In order: what is read in the order of names later then lies side by side on the disk.
INSERT OR IGNORE INTO vertex (collection, key)
SELECT DISTINCT to_collection, to_key FROM derived_name ORDER BY to_collection, to_key;
INSERT OR IGNORE INTO vertex (collection, key)
SELECT DISTINCT from_collection, from_key FROM derived_name WHERE from_key IS NOT NULL ORDER BY from_collection, from_key;

DROP TABLE IF EXISTS temp.derived_claim;
CREATE TEMP TABLE derived_claim (machine_id INTEGER NOT NULL, aspect TEXT NOT NULL, from_id INTEGER NOT NULL,
  to_id INTEGER NOT NULL, collection TEXT NOT NULL) STRICT;
INSERT INTO derived_claim
SELECT f.machine_id, f.aspect,
       CASE WHEN f.from_key IS NULL THEN f.machine_id
            ELSE (SELECT a.vertex_id FROM vertex a WHERE a.collection = f.from_collection AND a.key = f.from_key) END,
       b.vertex_id, f.collection
FROM derived_name f CROSS JOIN vertex b ON b.collection = f.to_collection AND b.key = f.to_key;

------------------------------------------------------------------------------------------------- vulnerabilities
-- What the machines on the list have, each once: ten thousand machines share a few thousand rows.
DROP TABLE IF EXISTS temp.installed;
CREATE TEMP TABLE installed (software_id INTEGER PRIMARY KEY, application TEXT, cve TEXT,
  application_id INTEGER, cve_id INTEGER, edge_id INTEGER) STRICT;  -- edge_id: from the one to the other
INSERT OR IGNORE INTO installed (software_id)
SELECT m.software_id FROM work w CROSS JOIN machine_software m ON m.machine_id = w.machine_id
WHERE w.aspect = 'software' AND w.is_asset;
-- A CVE without a score is no vulnerability here: the software only. Software without vendor, name and version is none.
UPDATE installed SET (application, cve) = (
  SELECT nullif(s.SoftwareVendor || ':' || s.SoftwareName || ':' || s.SoftwareVersion, '::'),
         CASE WHEN s.CvssScore IS NOT NULL THEN s.CveId END
  FROM scored_software s WHERE s.software_id = installed.software_id);
INSERT OR IGNORE INTO vertex (collection, key)
SELECT 'application', application FROM installed WHERE application IS NOT NULL ORDER BY application;
INSERT OR IGNORE INTO vertex (collection, key) SELECT 'cve', cve FROM installed WHERE cve IS NOT NULL ORDER BY cve;
UPDATE installed SET
  application_id = (SELECT vertex_id FROM vertex WHERE collection = 'application' AND key = application),
  cve_id = (SELECT vertex_id FROM vertex WHERE collection = 'cve' AND key = cve);

INSERT INTO derived_claim
SELECT m.machine_id, 'software', m.machine_id, i.application_id, 'asset_application'
FROM work w CROSS JOIN machine_software m ON m.machine_id = w.machine_id
CROSS JOIN installed i ON i.software_id = m.software_id
WHERE w.aspect = 'software' AND w.is_asset AND i.application_id IS NOT NULL;
INSERT INTO derived_claim
SELECT m.machine_id, 'software', m.machine_id, i.cve_id, 'asset_vulnerability'
FROM work w CROSS JOIN machine_software m ON m.machine_id = w.machine_id
CROSS JOIN installed i ON i.software_id = m.software_id
WHERE w.aspect = 'software' AND w.is_asset AND i.cve_id IS NOT NULL;

---------------------------------------------------------------------------------------- what came and what went
INSERT OR IGNORE INTO edge (collection, from_id, to_id)
SELECT collection, from_id, to_id FROM derived_claim;
INSERT OR IGNORE INTO edge (collection, from_id, to_id)
SELECT 'application_vulnerability', application_id, cve_id FROM installed
WHERE cve_id IS NOT NULL AND application_id IS NOT NULL
ORDER BY application_id, cve_id;
UPDATE installed SET edge_id = (SELECT e.edge_id FROM edge e WHERE e.from_id = application_id AND e.to_id = cve_id);

DROP TABLE IF EXISTS temp.new_claim;
CREATE TEMP TABLE new_claim (machine_id INTEGER, aspect TEXT, edge_id INTEGER,
  PRIMARY KEY (machine_id, aspect, edge_id)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO new_claim
SELECT f.machine_id, f.aspect, e.edge_id
FROM derived_claim f
CROSS JOIN edge e ON e.from_id = f.from_id AND e.to_id = f.to_id;  -- its ends name an edge: no row of it is read
INSERT OR IGNORE INTO new_claim
SELECT m.machine_id, 'software', i.edge_id
FROM work w CROSS JOIN machine_software m ON m.machine_id = w.machine_id
CROSS JOIN installed i ON i.software_id = m.software_id
WHERE w.aspect = 'software' AND w.is_asset AND i.edge_id IS NOT NULL;

-- What the machines on the list claimed and claim no longer.
DROP TABLE IF EXISTS temp.lost_claim;
CREATE TEMP TABLE lost_claim (machine_id INTEGER, aspect TEXT, edge_id INTEGER, collection TEXT, own INTEGER,
  PRIMARY KEY (edge_id, machine_id, aspect)) STRICT, WITHOUT ROWID;
INSERT INTO lost_claim
SELECT c.machine_id, c.aspect, c.edge_id, e.collection, e.from_id = c.machine_id
FROM work w
CROSS JOIN claim c ON c.machine_id = w.machine_id AND c.aspect = w.aspect
CROSS JOIN edge e ON e.edge_id = c.edge_id
WHERE NOT EXISTS (SELECT 1 FROM new_claim n
                  WHERE n.machine_id = c.machine_id AND n.aspect = c.aspect AND n.edge_id = c.edge_id);
-- The own edges of a deleted asset go with it, in excluded aspects too.
INSERT OR IGNORE INTO lost_claim
SELECT c.machine_id, c.aspect, c.edge_id, e.collection, 1
FROM leaving l CROSS JOIN claim c ON c.machine_id = l.vertex_id CROSS JOIN edge e ON e.edge_id = c.edge_id
WHERE e.from_id = c.machine_id;

-- An adapter that cannot be told from the machine's others since its name could not be read: all of them stay.
DROP TABLE IF EXISTS temp.unread_network;
CREATE TEMP TABLE unread_network (machine_id INTEGER PRIMARY KEY) STRICT;
INSERT OR IGNORE INTO unread_network
SELECT w.machine_id
FROM stage.MachineNetworkInfo s CROSS JOIN work w ON w.machine = s.DeviceId AND w.aspect = 'network'
WHERE s.set_aside IS NOT NULL
  AND (typeof(s.NetworkAdapterName) NOT IN ('text', 'null') OR typeof(s.MacAddress) NOT IN ('text', 'null'));
INSERT OR IGNORE INTO unread_network
SELECT w.machine_id
FROM setting n CROSS JOIN work w CROSS JOIN MachineInfo m ON m.id = w.machine CROSS JOIN json_each(m.ipAddresses) j
WHERE n.name = 'network_source' AND n.value = 'machines' AND w.aspect = 'network'
  AND (j.type <> 'object' OR json_type(CASE j.type WHEN 'object' THEN j.value END, '$.ipAddress') NOT IN ('text', 'null')
       OR json_type(CASE j.type WHEN 'object' THEN j.value END, '$.macAddress') NOT IN ('text', 'null'));

-- A removal needs a complete reading behind it: what an incomplete dataset, a machine whose users could not be read, or a
-- guard says is gone stays, and is looked at again. (The own edges of an asset that leaves are not kept: it is the machine
-- list that says it leaves.)
DROP TABLE IF EXISTS temp.kept_claim;
CREATE TEMP TABLE kept_claim (machine_id INTEGER, aspect TEXT, edge_id INTEGER, reason TEXT,
  PRIMARY KEY (edge_id, machine_id, aspect)) STRICT, WITHOUT ROWID;
INSERT INTO kept_claim
SELECT l.machine_id, l.aspect, l.edge_id, 'dataset incomplete'
FROM lost_claim l
WHERE NOT (l.own AND l.machine_id NOT IN (SELECT vertex_id FROM asset))
  AND CASE l.aspect
        WHEN 'machine' THEN EXISTS (SELECT 1 FROM unnamed WHERE dataset = 'machines')
        WHEN 'users' THEN EXISTS (
          SELECT 1 FROM vertex v CROSS JOIN stage.users_reading r ON r.machineId = v.key
          WHERE v.vertex_id = l.machine_id AND r.state <> 'read') OR EXISTS (SELECT 1 FROM unnamed WHERE dataset = 'users')
        WHEN 'network' THEN NOT EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'network' AND state IN ('complete', 'held'))
          OR EXISTS (SELECT 1 FROM unnamed WHERE dataset = 'network')
          OR EXISTS (SELECT 1 FROM unread_network u WHERE u.machine_id = l.machine_id)
        WHEN 'alerts' THEN NOT EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'alerts' AND state IN ('complete', 'held'))
          OR EXISTS (SELECT 1 FROM unnamed WHERE dataset = 'alerts')
        WHEN 'software' THEN NOT EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'vulnerabilities' AND state IN ('complete', 'held'))
          OR EXISTS (SELECT 1 FROM unnamed WHERE dataset IN ('vulnerabilities', 'knowledge_base'))
        ELSE 1
      END;
INSERT OR IGNORE INTO kept_claim
SELECT machine_id, aspect, edge_id, 'a guard holds back ' || collection
FROM lost_claim
WHERE collection IN (SELECT kind FROM withheld)
  AND NOT (own AND machine_id NOT IN (SELECT vertex_id FROM asset));

INSERT INTO due
SELECT DISTINCT v.key, k.aspect, k.reason, (SELECT run_id FROM stage.run)
FROM kept_claim k JOIN vertex v ON v.vertex_id = k.machine_id
WHERE true
ON CONFLICT DO NOTHING;
DELETE FROM lost_claim WHERE (edge_id, machine_id, aspect) IN (SELECT edge_id, machine_id, aspect FROM kept_claim);

-- Claims from here on. In an incremental run new_claim and lost_claim keep what changed; of a full import nobody asks.
DELETE FROM new_claim WHERE (machine_id, aspect, edge_id) IN (
  SELECT n.machine_id, n.aspect, n.edge_id
  FROM stage.run r CROSS JOIN new_claim n
  CROSS JOIN claim c ON c.machine_id = n.machine_id AND c.aspect = n.aspect AND c.edge_id = n.edge_id
  WHERE r.mode = 'incremental');
INSERT OR IGNORE INTO claim SELECT machine_id, aspect, edge_id, (SELECT run_id FROM stage.run) FROM new_claim;
DELETE FROM claim WHERE (machine_id, aspect, edge_id) IN (SELECT machine_id, aspect, edge_id FROM lost_claim);

-- What the guards on disabling look at: edges that CAR holds and nobody claims any longer. Those of an asset that leaves
-- are counted there.
INSERT OR IGNORE INTO removal
SELECT DISTINCT l.collection, l.edge_id
FROM lost_claim l CROSS JOIN acknowledged_edge k ON k.edge_id = l.edge_id
WHERE NOT EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = l.edge_id)
  AND NOT (l.own AND l.machine_id NOT IN (SELECT vertex_id FROM asset));
-- In a full import everything that nobody claims would fall away; so it does one by one after a full import that could
-- not end its session (leftovers_due).
INSERT OR IGNORE INTO removal
SELECT e.collection, k.edge_id
FROM falling CROSS JOIN acknowledged_edge k CROSS JOIN edge e ON e.edge_id = k.edge_id
WHERE NOT EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = k.edge_id)
  AND NOT EXISTS (SELECT 1 FROM vertex v WHERE v.vertex_id = e.from_id AND v.collection = 'asset'
                    AND v.vertex_id NOT IN (SELECT vertex_id FROM asset));
-- CAR speaks the other identity model now: the edges of the former one mean nothing to it, and are no loss.
DELETE FROM removal
WHERE kind IN (SELECT t.name FROM stage.run r CROSS JOIN edge_type t WHERE t.identity_model <> r.identity_model);
