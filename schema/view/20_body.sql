-- What CAR shall hold of each vertex: docs/mapping.md, as canonical JSON. A function of the mirror alone.

CREATE VIEW vertex_body AS
SELECT v.vertex_id, v.collection,
  CASE v.collection
    WHEN 'asset' THEN (
      SELECT json_object('external_id', m.id, 'name', coalesce(nullif(m.computerDnsName, ''), m.id),
                         'description', 'Device' || coalesce(' running ' || nullif(m.osPlatform, ''), '') ||
                                        ', reported by Microsoft Defender for Endpoint.')
      FROM MachineInfo m WHERE m.id = v.key)
    WHEN 'hostname' THEN json_object('_key', v.key, 'host_name', v.key)
    WHEN 'ipaddress' THEN json_object('_key', v.key)
    WHEN 'macaddress' THEN json_object('_key', v.key)
    WHEN 'user' THEN
      CASE (SELECT value FROM setting WHERE name = 'identity_model')
        WHEN 'account' THEN json_object('external_id', v.key, 'name', v.key)
        ELSE json_object('_key', v.key, 'external_id', v.key)
      END
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
        'base_score', CAST(coalesce(k.CvssScore, r.CvssScore) + 0.5 AS INTEGER)))   -- half up
      FROM (SELECT 1) LEFT JOIN VulnerabilityKb k ON k.CveId = v.key LEFT JOIN RowScore r ON r.CveId = v.key
      WHERE k.CveId IS NOT NULL OR r.CveId IS NOT NULL)
    WHEN 'application' THEN json_object('external_id', v.key, 'name', v.key)
    WHEN 'os' THEN json_object('external_id', v.key, 'name', v.key, 'is_os', json('true'))
  END AS body
FROM vertex v;
