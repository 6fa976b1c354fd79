-- What "current" means (design section 2), per machine, from the mirror's rows alone. All are meant to be asked for one
-- machine at a time.

-- A MAC as CAR wants it: AA:BB:CC:DD:EE:FF, whatever separators and case it came with. Only 12 digits and not all zero:
-- a 16-digit tunnel pseudo-address would tie strangers together.
-- (LIMIT keeps SQLite from writing the whole expression in place of each `digits`.)
CREATE VIEW adapter AS
SELECT DeviceId, NetworkAdapterName, MacAddress, IPAddresses, Timestamp, run_id,
  (SELECT substr(digits, 1, 2) || ':' || substr(digits, 3, 2) || ':' || substr(digits, 5, 2) || ':' ||
          substr(digits, 7, 2) || ':' || substr(digits, 9, 2) || ':' || substr(digits, 11, 2)
   FROM (SELECT upper(replace(replace(replace(replace(MacAddress, ':', ''), '-', ''), '.', ''), ' ', '')) AS digits LIMIT 1)
   WHERE length(digits) = 12 AND digits NOT GLOB '*[^0-9A-F]*' AND digits <> '000000000000') AS mac
FROM MachineNetworkInfo;

-- The adapters of the machine's newest report: those at most ten minutes older than its newest row. Rows older than 30
-- days have left the mirror (phase/20_merge.sql).
CREATE VIEW current_adapter AS
SELECT a.* FROM adapter a
WHERE a.Timestamp >= (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', max(n.Timestamp), '-10 minutes')
                      FROM MachineNetworkInfo n WHERE n.DeviceId = a.DeviceId);

-- The addresses of /api/machines, for tenants without hunting: no AddressType there, so private is RFC 1918, fc00::/7 and
-- fe80::/10.
CREATE VIEW listed_address AS
WITH bare AS (
  SELECT m.id AS DeviceId,
    CASE WHEN j.type = 'object' THEN j.value ->> 'ipAddress' END AS address,
    CASE WHEN j.type = 'object' THEN
      upper(replace(replace(replace(replace(coalesce(j.value ->> 'macAddress', ''), ':', ''), '-', ''), '.', ''), ' ', ''))
    END AS digits
  FROM MachineInfo m CROSS JOIN json_each(m.ipAddresses) j)
SELECT DeviceId, address,
  CASE WHEN length(digits) = 12 AND digits NOT GLOB '*[^0-9A-F]*' AND digits <> '000000000000' THEN
    substr(digits, 1, 2) || ':' || substr(digits, 3, 2) || ':' || substr(digits, 5, 2) || ':' ||
    substr(digits, 7, 2) || ':' || substr(digits, 9, 2) || ':' || substr(digits, 11, 2)
  END AS mac,
  typeof(address) = 'text' AND (
    address GLOB '10.*.*.*' OR address GLOB '192.168.*.*' OR
    (address GLOB '172.*.*.*' AND CAST(substr(address, 5) AS INTEGER) BETWEEN 16 AND 31) OR
    (instr(address, ':') > 0 AND lower(address) GLOB 'f[cd][0-9a-f][0-9a-f]:*') OR
    (instr(address, ':') > 0 AND lower(address) GLOB 'fe[89ab][0-9a-f]:*')) AS private
FROM bare;
