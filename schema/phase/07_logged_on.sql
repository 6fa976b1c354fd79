-- Who is logged on by hunting stands in one cell a device: it is taken apart, so that what follows finds all users in one place.

-- LoggedOnUsers is a list of {UserName, DomainName, Sid}, as text or as an array.
UPDATE stage.DeviceInfo SET set_aside = 'LoggedOnUsers is no list'
WHERE typeof(LoggedOnUsers) <> 'null' AND LoggedOnUsers <> '' AND
      (typeof(LoggedOnUsers) <> 'text' OR NOT json_valid(LoggedOnUsers) OR json_type(LoggedOnUsers) NOT IN ('array', 'null'));
UPDATE stage.DeviceInfo SET set_aside = 'DeviceId is not a text' WHERE typeof(DeviceId) <> 'text' OR DeviceId = '';

INSERT INTO stage.LogonUsers (machineId, accountName, accountDomain, accountSid)
SELECT d.DeviceId, j.value ->> 'UserName', j.value ->> 'DomainName', j.value ->> 'Sid'
FROM stage.DeviceInfo d CROSS JOIN json_each(d.LoggedOnUsers) j
WHERE d.set_aside IS NULL AND d.LoggedOnUsers <> '' AND j.type = 'object'
  AND (SELECT digest FROM stage.run) IS NULL;  -- a snapshot has been through this
