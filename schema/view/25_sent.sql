-- What is sent of a vertex, so that CAR comes to hold what view body says: CAR keeps fields that an import leaves out, and
-- tags until they are named in untag.

-- Fields and tags that CAR holds, or may hold, by our word.
CREATE VIEW held_field AS
SELECT k.vertex_id, j.key AS field, '' AS value
FROM acknowledged_vertex k CROSS JOIN json_each(k.body) j
WHERE j.key IN (SELECT field FROM body_field WHERE field <> 'tag')
UNION ALL
SELECT k.vertex_id, 'tag', j.value FROM acknowledged_vertex k CROSS JOIN json_each(k.body, '$.tag') j
UNION ALL
SELECT vertex_id, field, value FROM possible_field;

CREATE VIEW vertex_to_send AS
SELECT o.item_id, o.collection,
  CASE
    WHEN v.collection NOT IN (SELECT collection FROM named_field) THEN o.body
    ELSE (
      SELECT CASE WHEN emptied = '{}' AND untag = '[]' THEN o.body
                  ELSE json_patch(json_patch(emptied, o.body),
                                  CASE untag WHEN '[]' THEN '{}' ELSE json_object('untag', json(untag)) END) END
      FROM (SELECT
        (SELECT json_group_object(n.field, n.empty)
         FROM named_field n
         WHERE n.collection = v.collection AND n.empty IS NOT NULL AND json_type(o.body, '$.' || n.field) IS NULL
           AND EXISTS (SELECT 1 FROM held_field h WHERE h.vertex_id = o.object_id AND h.field = n.field)) AS emptied,
        (SELECT json_group_array(value)
         FROM (SELECT h.value
               FROM named_field n CROSS JOIN held_field h ON h.vertex_id = o.object_id AND h.field = 'tag'
               WHERE n.field = 'untag' AND v.collection = 'asset'
               EXCEPT SELECT j.value FROM json_each(o.body, '$.tag') j)) AS untag))
  END AS body
FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.object_id
WHERE o.operation = 'vertex';

-- What CAR holds by our word, without the fields that its import schema names no longer: what a body is compared with.
CREATE VIEW comparable_vertex AS
SELECT vertex_id,
  CASE WHEN NOT EXISTS (SELECT 1 FROM possible_field) THEN body
       ELSE json_remove(body,
         CASE WHEN EXISTS (SELECT 1 FROM named_field WHERE field = 'risk') THEN '$.none' ELSE '$.risk' END,
         CASE WHEN EXISTS (SELECT 1 FROM named_field WHERE field = 'business_value') THEN '$.none' ELSE '$.business_value' END,
         CASE WHEN EXISTS (SELECT 1 FROM named_field WHERE field = 'asset_type') THEN '$.none' ELSE '$.asset_type' END,
         CASE WHEN EXISTS (SELECT 1 FROM named_field WHERE field = 'tag') THEN '$.none' ELSE '$.tag' END,
         CASE WHEN EXISTS (SELECT 1 FROM named_field WHERE field = 'xfr_cvss3_base') THEN '$.none' ELSE '$.xfr_cvss3_base' END,
         CASE WHEN EXISTS (SELECT 1 FROM named_field WHERE field = 'updated_on') THEN '$.none' ELSE '$.updated_on' END,
         CASE WHEN EXISTS (SELECT 1 FROM named_field WHERE field = 'username') THEN '$.none' ELSE '$.username' END) END AS body
FROM acknowledged_vertex;
