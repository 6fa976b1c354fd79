-- Which machines count: --onboarding-status, --device-group, --exclude-tag, --merged-devices, as the last run was told.
CREATE VIEW scope_rule (rule, value) AS
SELECT j.key, CASE j.key WHEN 'onboarding_status' THEN lower(t.value) ELSE t.value END
FROM setting s CROSS JOIN json_each(s.value) j CROSS JOIN json_each(j.value) t
WHERE s.name = 'scope';

-- Why a machine does not count by its own record. (Whether one that was merged into another one counts depends on that one:
-- phase/30_assets.sql.)
CREATE VIEW out_of_scope (id, reason) AS
SELECT m.id, 'onboardingStatus ' || coalesce(m.onboardingStatus, 'unknown')
FROM (SELECT 1 WHERE EXISTS (SELECT 1 FROM scope_rule WHERE rule = 'onboarding_status')) CROSS JOIN MachineInfo m
WHERE coalesce(lower(m.onboardingStatus), '') NOT IN (SELECT value FROM scope_rule WHERE rule = 'onboarding_status')
UNION ALL
SELECT m.id, 'device group ' || coalesce(m.rbacGroupName, 'none')
FROM (SELECT 1 WHERE EXISTS (SELECT 1 FROM scope_rule WHERE rule = 'device_group')) CROSS JOIN MachineInfo m
WHERE coalesce(m.rbacGroupName, '') NOT IN (SELECT value FROM scope_rule WHERE rule = 'device_group')
UNION ALL
SELECT m.id, 'tag ' || s.value
FROM MachineInfo m CROSS JOIN scope_rule s
WHERE s.rule = 'exclude_tag' AND s.value IN (SELECT j.value FROM json_each(m.machineTags) j WHERE j.type = 'text');

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
