CREATE VIEW audit_left_out AS
-- What Defender said and CAR is not told, and why: one row a value, account, address or CVE. Ask by machine, or by kind and key.
SELECT 'account' AS kind,                 -- account, ipaddress, macaddress, asset, alert, cve
       accountName AS key, machineId AS machine,
       'accountName' AS field,            -- Defender's name for it
       coalesce(nullif(accountDomain, '') || '\', '') || accountName AS value,  -- as it came
       nobody || ', nobody' AS reason
FROM logon_user WHERE nobody IS NOT NULL
UNION ALL
SELECT CASE WHEN address IS NULL THEN 'macaddress' ELSE 'ipaddress' END, coalesce(address, mac), machine, 'IPAddresses',
       coalesce(address, mac), 'its adapter ' || coalesce(adapter || ' ', '') || 'is ' || status
FROM reported_down WHERE address IS NOT NULL OR mac IS NOT NULL
UNION ALL
SELECT CASE WHEN address IS NULL THEN 'macaddress' ELSE 'ipaddress' END, coalesce(address, mac), machine, 'ipAddresses',
       coalesce(address, mac), 'its adapter is ' || status
FROM listed_down WHERE address IS NOT NULL OR mac IS NOT NULL
UNION ALL
SELECT CASE source WHEN 'Alerts' THEN 'alert' WHEN 'VulnerabilityKb' THEN 'cve' ELSE 'asset' END, record_key,
       CASE WHEN source NOT IN ('Alerts', 'VulnerabilityKb') THEN record_key END, field, value,
       CASE WHEN value GLOB '[0-9]*' THEN 'a year before 1970 is no time' ELSE 'it says nothing' END
FROM left_out
UNION ALL
SELECT DISTINCT 'cve', s.CveId, NULL, 'CvssScore', NULL, 'no score, in the knowledge base and in its own rows'
FROM scored_software s
WHERE s.CveId <> '' AND s.CvssScore IS NULL;
