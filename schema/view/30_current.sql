-- What "current" means (docs/mapping.md), per machine, from the mirror's rows alone. All are meant to be asked for one
-- machine at a time.

-- Words for an adapter that has no connection, in lower case, of .NET's OperationalStatus. Any other, and none, says nothing
-- against it.
CREATE VIEW down_status (status) AS VALUES ('down'), ('notpresent'), ('lowerlayerdown');

-- A MAC as CAR wants it: AA:BB:CC:DD:EE:FF, whatever separators and case it came with. Only 12 digits and not all zero:
-- a 16-digit tunnel pseudo-address would tie strangers together.
-- (LIMIT keeps SQLite from writing the whole expression in place of each `digits`.)
CREATE VIEW adapter AS
SELECT DeviceId, NetworkAdapterName, MacAddress, IPAddresses, Timestamp, run_id, NetworkAdapterStatus,
  (SELECT substr(digits, 1, 2) || ':' || substr(digits, 3, 2) || ':' || substr(digits, 5, 2) || ':' ||
          substr(digits, 7, 2) || ':' || substr(digits, 9, 2) || ':' || substr(digits, 11, 2)
   FROM (SELECT upper(replace(replace(replace(replace(MacAddress, ':', ''), '-', ''), '.', ''), ' ', '')) AS digits LIMIT 1)
   WHERE length(digits) = 12 AND digits NOT GLOB '*[^0-9A-F]*' AND digits <> '000000000000') AS mac
FROM MachineNetworkInfo;

-- The adapters of the machine's newest report: those at most ten minutes older than its newest row. Rows older than 30
-- days have left the mirror (phase/20_merge.sql).
CREATE VIEW newest_adapter AS
SELECT a.*, coalesce(lower(a.NetworkAdapterStatus) IN (SELECT status FROM down_status), 0) AS down FROM adapter a
WHERE a.Timestamp >= (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', max(n.Timestamp), '-10 minutes')
                      FROM MachineNetworkInfo n WHERE n.DeviceId = a.DeviceId);

-- Of these the ones that have a connection. (A machine whose adapters are all down has no network; it has rows all the same, so
-- its lastIpAddress does not take their place.)
CREATE VIEW current_adapter AS
SELECT * FROM newest_adapter WHERE NOT down;

-- The last addresses of each machine. An address counts without its zone (fe80::1%12), here as everywhere.
CREATE VIEW last_address AS
SELECT id AS DeviceId,
       substr(lastIpAddress, 1, instr(lastIpAddress || '%', '%') - 1) AS lastIpAddress,
       substr(lastExternalIpAddress, 1, instr(lastExternalIpAddress || '%', '%') - 1) AS lastExternalIpAddress,
       ipAddresses
FROM MachineInfo;

-- The addresses of /api/machines, for tenants without hunting: no AddressType there, so private is RFC 1918, fc00::/7 and
-- fe80::/10.
CREATE VIEW listed_address AS
WITH listed AS (
  SELECT m.id AS DeviceId,
    CASE WHEN j.type = 'object' AND typeof(j.value ->> 'ipAddress') = 'text'
         THEN substr(j.value ->> 'ipAddress', 1, instr(j.value ->> 'ipAddress' || '%', '%') - 1) END AS address,
    CASE WHEN j.type = 'object' THEN j.value ->> 'operationalStatus' END AS status,
    CASE WHEN j.type = 'object' THEN
      upper(replace(replace(replace(replace(coalesce(j.value ->> 'macAddress', ''), ':', ''), '-', ''), '.', ''), ' ', ''))
    END AS digits
  FROM MachineInfo m CROSS JOIN json_each(m.ipAddresses) j)
SELECT DeviceId, address, status, coalesce(lower(status) IN (SELECT status FROM down_status), 0) AS down,
  CASE WHEN length(digits) = 12 AND digits NOT GLOB '*[^0-9A-F]*' AND digits <> '000000000000' THEN
    substr(digits, 1, 2) || ':' || substr(digits, 3, 2) || ':' || substr(digits, 5, 2) || ':' ||
    substr(digits, 7, 2) || ':' || substr(digits, 9, 2) || ':' || substr(digits, 11, 2)
  END AS mac,
  typeof(address) = 'text' AND (
    address GLOB '10.*.*.*' OR address GLOB '192.168.*.*' OR
    (address GLOB '172.*.*.*' AND CAST(substr(address, 5) AS INTEGER) BETWEEN 16 AND 31) OR
    (instr(address, ':') > 0 AND lower(address) GLOB 'f[cd][0-9a-f][0-9a-f]:*') OR
    (instr(address, ':') > 0 AND lower(address) GLOB 'fe[89ab][0-9a-f]:*')) AS private
FROM listed;

-- Adapters without a connection: their MAC and, one row each, their private addresses. First those of the newest report.
CREATE VIEW reported_down AS
SELECT a.DeviceId AS machine, a.NetworkAdapterName AS adapter, a.mac, a.NetworkAdapterStatus AS status,
       substr(j.value ->> 'IPAddress', 1, instr(j.value ->> 'IPAddress' || '%', '%') - 1) AS address
FROM newest_adapter a
LEFT JOIN json_each(a.IPAddresses) j ON j.type = 'object' AND j.value ->> 'AddressType' = 'Private'
WHERE a.down AND (SELECT value FROM setting WHERE name = 'network_source') IS 'hunting';
-- And those of the machine list.
CREATE VIEW listed_down AS
SELECT l.DeviceId AS machine, l.mac, l.status, l.address
FROM listed_address l
WHERE l.down AND (SELECT value FROM setting WHERE name = 'network_source') IS 'machines';
