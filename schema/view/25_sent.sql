-- What is sent of a vertex, so that CAR comes to hold what view body says: CAR keeps fields that an import leaves out, and
-- tags until they are named in untag.

CREATE VIEW vertex_to_send AS
SELECT item_id, collection,
  CASE WHEN coalesce(emptied, '{}') = '{}' AND coalesce(untag, '[]') = '[]' THEN body
       ELSE json_patch(json_patch(emptied, body),
                       CASE untag WHEN '[]' THEN '{}' ELSE json_object('untag', json(untag)) END) END AS body
FROM (
  SELECT o.item_id, o.collection, o.body,
    CASE WHEN v.collection IN (SELECT collection FROM named_field) THEN (
      SELECT json_group_object(n.field, n.empty)
      FROM named_field n
      WHERE n.collection = v.collection AND n.empty IS NOT NULL AND json_type(o.body, '$.' || n.field) IS NULL
        AND (json_type(k.body, '$.' || n.field) IS NOT NULL
             OR EXISTS (SELECT 1 FROM possible_field p WHERE p.vertex_id = o.object_id AND p.field = n.field))) ELSE '{}' END AS emptied,
    CASE WHEN v.collection = 'asset' AND EXISTS (SELECT 1 FROM named_field WHERE field = 'untag') THEN (
      SELECT json_group_array(value)
      FROM (SELECT j.value FROM json_each(k.body, '$.tag') j
            UNION SELECT p.value FROM possible_field p WHERE p.vertex_id = o.object_id AND p.field = 'tag'
            EXCEPT SELECT j.value FROM json_each(o.body, '$.tag') j)) ELSE '[]' END AS untag
  FROM outbox o CROSS JOIN vertex v ON v.vertex_id = o.object_id
  LEFT JOIN acknowledged_vertex k ON k.vertex_id = o.object_id
  WHERE o.operation = 'vertex');

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
