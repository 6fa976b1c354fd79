-- What CAR shall hold of each vertex: docs/mapping.md, as canonical JSON. A function of the mirror alone.

-- What Defender says of a machine in words, as tags.
CREATE VIEW machine_tag AS
SELECT m.id, j.value AS tag
FROM MachineInfo m CROSS JOIN json_each(json_insert(m.machineTags,
  '$[#]', 'group:' || m.rbacGroupName,
  '$[#]', CASE WHEN m.exposureLevel IN ('Low', 'Medium', 'High') THEN 'exposure:' || m.exposureLevel END,
  '$[#]', CASE WHEN m.onboardingStatus <> 'Onboarded' THEN 'onboarding:' || m.onboardingStatus END,
  '$[#]', CASE WHEN m.isExcluded THEN 'excluded' END)) j
WHERE j.type = 'text' AND trim(j.value) NOT IN ('', '-', 'NaN', 'Infinity', '-Infinity');

CREATE VIEW vertex_body AS
SELECT v.vertex_id, v.collection,
  CASE v.collection
    WHEN 'asset' THEN (
      SELECT json_patch('{}', json_object(
        'external_id', m.id, 'name', coalesce(nullif(m.computerDnsName, ''), m.id),
        'description', 'Device' || coalesce(' running ' || nullif(m.osPlatform, ''), '') ||
                       ', reported by Microsoft Defender for Endpoint.',
        'risk', CASE WHEN (SELECT 1 FROM named_field WHERE field = 'risk') THEN
          CASE m.riskScore WHEN 'High' THEN 8 WHEN 'Medium' THEN 5 WHEN 'Low' THEN 2 WHEN 'Informational' THEN 1
                           WHEN 'None' THEN 0 END END,
        'business_value', CASE WHEN (SELECT 1 FROM named_field WHERE field = 'business_value') THEN
          CASE m.deviceValue WHEN 'Low' THEN 2 WHEN 'Normal' THEN 5 WHEN 'High' THEN 8 END END,
        'asset_type', CASE WHEN (SELECT 1 FROM named_field WHERE field = 'asset_type') THEN
          CASE WHEN instr(m.osPlatform, 'Server') THEN 'Server'
               WHEN m.osPlatform GLOB 'Windows*' OR m.osPlatform = 'macOS' THEN 'Workstation'
               WHEN m.osPlatform IN ('Android', 'iOS') THEN 'Mobile' END END,
        'tag', CASE WHEN (SELECT 1 FROM named_field WHERE field = 'tag') THEN (
          SELECT CASE WHEN count(*) > 0 THEN json_group_array(t.tag) END FROM (SELECT DISTINCT tag FROM machine_tag WHERE id = m.id ORDER BY tag) t) END))
      FROM MachineInfo m WHERE m.id = v.key)
    WHEN 'hostname' THEN json_object('_key', v.key, 'host_name', v.key)
    WHEN 'ipaddress' THEN json_object('_key', v.key)
    WHEN 'macaddress' THEN json_object('_key', v.key)
    WHEN 'user' THEN (
      SELECT json_patch('{}', CASE (SELECT value FROM setting WHERE name = 'identity_model')
          WHEN 'account' THEN json_object('external_id', v.key, 'name', v.key, 'username', u.username)
          ELSE json_object('_key', v.key, 'external_id', v.key, 'username', u.username) END)
      FROM (SELECT CASE WHEN (SELECT 1 FROM named_field WHERE field = 'username') THEN
              -- Keys with the domain are in lower case: of several spellings the first one counts.
              coalesce((SELECT min(l.accountName) FROM LogonUsers l WHERE l.accountKey = v.key), v.key) END AS username) u)
    WHEN 'account' THEN json_object('external_id', v.key, 'name', v.key)
    WHEN 'alert' THEN (
      SELECT json_patch('{}', json_object(
        'external_id', a.id, 'name', coalesce(nullif(a.title, ''), a.id), 'description', a.description,
        'disclosed_on', CAST(round((julianday(a.firstEventTime) - 2440587.5) * 86400000) AS INTEGER),
        'published_on', CAST(round((julianday(a.alertCreationTime) - 2440587.5) * 86400000) AS INTEGER),
        'base_score', CASE a.severity WHEN 'High' THEN 8 WHEN 'Medium' THEN 5 WHEN 'Low' THEN 2 ELSE 0 END))
      FROM Alerts a WHERE a.id = v.key)
    WHEN 'cve' THEN (
      SELECT json_patch('{}', json_object(
        'external_id', v.key, 'name', v.key, 'description', k.VulnerabilityDescription,
        'published_on', CAST(round((julianday(k.PublishedDate) - 2440587.5) * 86400000) AS INTEGER),
        'base_score', CAST(coalesce(k.CvssScore, r.CvssScore) + 0.5 AS INTEGER),   -- half up
        'xfr_cvss3_base', CASE WHEN (SELECT 1 FROM named_field WHERE field = 'xfr_cvss3_base') THEN
          coalesce(k.CvssScore, r.CvssScore) END,
        'updated_on', CASE WHEN (SELECT 1 FROM named_field WHERE field = 'updated_on') THEN
          CAST(round((julianday(k.LastModifiedTime) - 2440587.5) * 86400000) AS INTEGER) END))
      FROM (SELECT 1) LEFT JOIN VulnerabilityKb k ON k.CveId = v.key LEFT JOIN RowScore r ON r.CveId = v.key
      WHERE k.CveId IS NOT NULL OR r.CveId IS NOT NULL)
    WHEN 'application' THEN json_object('external_id', v.key, 'name', v.key)
    WHEN 'os' THEN json_object('external_id', v.key, 'name', v.key, 'is_os', json('true'))
  END AS body
FROM vertex v;
