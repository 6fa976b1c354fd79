-- The raw values of a state file, in bytes: every value of the mirror's rows and of what CAR acknowledged, as the public
-- tables and views show them: text as it stands, numbers by their digits, names and not their numbers. For the stock shell:
--
--   sqlite3 -readonly state.db ".read tests/bench/raw_values.sql"
--
-- printf: NULL is nothing there, and a number its digits.
SELECT sum(length(CAST(value AS BLOB))) FROM (
  SELECT printf('%s%s%s%s%s%s%s%s', id, computerDnsName, osPlatform, healthStatus, firstSeen, lastSeen, lastIpAddress,
                lastExternalIpAddress) ||
         printf('%s%s%s%s%s%s%s%s%s%s%s%s%s', ipAddresses, onboardingStatus, version, riskScore, exposureLevel, rbacGroupName, run_id,
                usersReadAt, ahead, deviceValue, machineTags, isExcluded, mergedIntoMachineId) AS value FROM MachineInfo
  UNION ALL
  SELECT printf('%s%s%s%s%s%s%s', DeviceId, NetworkAdapterName, MacAddress, IPAddresses, Timestamp, run_id, NetworkAdapterStatus)
  FROM MachineNetworkInfo
  UNION ALL
  SELECT printf('%s%s%s%s%s%s%s%s%s%s%s', id, machineId, title, description, severity, status, alertCreationTime,
                firstEventTime, lastUpdateTime, resolvedTime, run_id) FROM Alerts
  UNION ALL
  SELECT printf('%s%s%s%s%s%s', machineId, accountName, accountDomain, run_id, accountSid, accountKey) FROM LogonUsers
  UNION ALL
  SELECT printf('%s%s%s%s%s%s%s', DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId, run_id, CvssScore)
  FROM SoftwareVulnerabilities
  UNION ALL
  SELECT printf('%s%s%s%s%s%s', CveId, CvssScore, VulnerabilityDescription, PublishedDate, LastModifiedTime, run_id)
  FROM VulnerabilityKb
  UNION ALL
  SELECT printf('%s%s%s%s%s%s', collection, key, body, since, since_run, confirmed_run) FROM audit_vertex
  UNION ALL
  SELECT printf('%s%s%s%s%s%s', edge, from_key, to_key, since, since_run, confirmed_run) FROM audit_edge);
