-- Which machines count: --onboarding-status, --device-group, --exclude-tag, --merged-devices, as the last run was told.
CREATE VIEW scope_rule (rule, value) AS
SELECT j.key, CASE j.key WHEN 'onboarding_status' THEN lower(t.value) ELSE t.value END
FROM setting s CROSS JOIN json_each(s.value) j CROSS JOIN json_each(j.value) t
WHERE s.name = 'scope';

-- Why a machine does not count by its own record. (Whether one that was merged into another one counts depends on that one:
-- phase/30_assets.sql.)
-- (One SELECT: asked for one machine at a time, a UNION would read them all.)
CREATE VIEW out_of_scope (id, reason) AS
SELECT id, reason
FROM (
  SELECT m.id, CASE
      WHEN EXISTS (SELECT 1 FROM scope_rule WHERE rule = 'onboarding_status')
           AND coalesce(lower(m.onboardingStatus), '') NOT IN (SELECT value FROM scope_rule WHERE rule = 'onboarding_status')
        THEN 'onboardingStatus ' || coalesce(m.onboardingStatus, 'unknown')
      WHEN EXISTS (SELECT 1 FROM scope_rule WHERE rule = 'device_group')
           AND coalesce(m.rbacGroupName, '') NOT IN (SELECT value FROM scope_rule WHERE rule = 'device_group')
        THEN 'device group ' || coalesce(m.rbacGroupName, 'none')
      ELSE (SELECT 'tag ' || j.value FROM json_each(m.machineTags) j
            WHERE j.type = 'text' AND j.value IN (SELECT value FROM scope_rule WHERE rule = 'exclude_tag') LIMIT 1) END AS reason
  FROM MachineInfo m)
WHERE reason IS NOT NULL;

-- Whether each machine counts, as the last run left it, and why not.
CREATE VIEW machine_scope (id, in_scope, reason) AS
SELECT id, reason IS NULL, reason
FROM (
  SELECT m.id, coalesce(
    (SELECT min(o.reason) FROM out_of_scope o WHERE o.id = m.id),
    (SELECT 'merged into ' || n.id FROM MachineInfo n
     WHERE n.id = m.mergedIntoMachineId AND n.id <> m.id
       AND EXISTS (SELECT 1 FROM scope_rule WHERE rule = 'merged_devices')
       AND NOT EXISTS (SELECT 1 FROM out_of_scope o WHERE o.id = n.id)
       AND NOT EXISTS (SELECT 1 FROM vertex v JOIN asset a ON a.vertex_id = v.vertex_id
                       WHERE v.collection = 'asset' AND v.key = m.id))) AS reason
  FROM MachineInfo m);
