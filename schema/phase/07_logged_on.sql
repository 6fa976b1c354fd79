-- Who is logged on by hunting stands in one cell a device: it is taken apart, so that what follows finds all users in one place.

-- LoggedOnUsers is a list of {UserName, DomainName, Sid}, as text or as an array.
UPDATE stage.DeviceInfo SET set_aside = 'LoggedOnUsers is no list of accounts'
WHERE typeof(LoggedOnUsers) <> 'null' AND LoggedOnUsers <> '' AND
      (typeof(LoggedOnUsers) <> 'text' OR NOT json_valid(LoggedOnUsers) OR json_type(LoggedOnUsers) NOT IN ('array', 'null')
       OR EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(LoggedOnUsers) THEN LoggedOnUsers END) j
                  WHERE j.type <> 'object' AND json_type(LoggedOnUsers) = 'array'));
UPDATE stage.DeviceInfo SET set_aside = 'DeviceId is not a text' WHERE typeof(DeviceId) <> 'text' OR DeviceId = '';

-- The newest row of a device counts.
DELETE FROM stage.DeviceInfo WHERE rowid IN (
  SELECT row FROM (
    SELECT row, row_number() OVER (PARTITION BY key ORDER BY CASE WHEN at > latest THEN now ELSE coalesce(at, '') END DESC,
                                                             row DESC) AS place
    FROM (SELECT s.rowid AS row, s.DeviceId AS key,
                 strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN s.Timestamp GLOB '*[+-]??:??' THEN s.Timestamp ELSE substr(rtrim(s.Timestamp, 'Z'), 1, 23) END) AS at
          FROM (SELECT DeviceId FROM stage.DeviceInfo WHERE typeof(DeviceId) = 'text' GROUP BY DeviceId HAVING count(*) > 1) twice
          CROSS JOIN stage.DeviceInfo s ON s.DeviceId = twice.DeviceId
          WHERE s.set_aside IS NULL)
    CROSS JOIN reading_clock)
  WHERE place > 1);
UPDATE stage.dataset SET duplicates = duplicates + changes() WHERE name = 'users';

INSERT INTO stage.LogonUsers (machineId, accountName, accountDomain, accountSid)
SELECT d.DeviceId, j.value ->> 'UserName', j.value ->> 'DomainName', j.value ->> 'Sid'
FROM stage.DeviceInfo d CROSS JOIN json_each(d.LoggedOnUsers) j
WHERE d.set_aside IS NULL AND d.LoggedOnUsers <> '' AND j.type = 'object'
  AND (SELECT digest FROM stage.run) IS NULL;  -- a snapshot has been through this
