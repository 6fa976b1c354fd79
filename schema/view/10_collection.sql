-- The catalogue of the graph: every type of vertex and of edge there is, with its name in CAR (docs/mapping.md). Whoever must
-- know the types joins it; tests/unit/catalogue_test.cpp finds the consumer that ignores one.

-- Types of vertices. by_external_id: edges name the vertex by its external id; otherwise by collection/key. dataset: which one
-- brings it.
CREATE VIEW collection (name, car_name, by_external_id, dataset) AS VALUES
  ('asset',      'asset',         1, 'machines'),
  ('hostname',   'hostname',      0, 'machines'),
  ('ipaddress',  'ipaddress',     0, 'network'),          -- the public one: machines
  ('macaddress', 'macaddress',    0, 'network'),
  ('user',       'user',          1, 'users'),            -- in the user model by key (statement deliver/kinds)
  ('account',    'account',       1, 'users'),
  ('alert',      'vulnerability', 1, 'alerts'),
  ('cve',        'vulnerability', 1, 'vulnerabilities'),
  ('application','application',   1, 'vulnerabilities'),
  ('os',         'application',   1, 'machines');

-- Types of edges, a row for each aspect that derives one. dataset: the one whose reading may remove it. withheld: 1 where that
-- dataset counts as incomplete while a guard withholds the type's removals, so that the next run reads it anew; 0 where the
-- machine's row itself says so at every reading. identity_model: the one in which CAR takes the edge; NULL: both. lost:
-- what the ledger says when the last claim went.
CREATE VIEW edge_type (name, from_type, to_type, aspect, dataset, withheld, identity_model, lost) AS VALUES
  ('asset_hostname',            'asset',       'hostname',    'machine',  'machines',        1, NULL,      'machine changed'),
  ('asset_ipaddress',           'asset',       'ipaddress',   'machine',  'machines',        0, NULL,      'machine changed'),
  ('asset_ipaddress',           'asset',       'ipaddress',   'network',  'network',         1, NULL,      'network changed'),
  ('asset_macaddress',          'asset',       'macaddress',  'network',  'network',         1, NULL,      'network changed'),
  ('ipaddress_macaddress',      'ipaddress',   'macaddress',  'network',  'network',         1, NULL,      'network changed'),
  ('asset_user',                'asset',       'user',        'users',    'users',           1, 'user',    'user no longer logged on'),
  ('user_hostname',             'user',        'hostname',    'users',    'users',           1, 'user',    'user or host name changed'),
  ('asset_account',             'asset',       'account',     'users',    'users',           1, 'account', 'user no longer logged on'),
  ('user_account',              'user',        'account',     'users',    'users',           1, 'account', 'user no longer logged on'),
  ('account_hostname',          'account',     'hostname',    'users',    'users',           1, 'account', 'user or host name changed'),
  ('asset_vulnerability',       'asset',       'alert',       'alerts',   'alerts',          1, NULL,      'alert resolved or gone'),
  ('asset_vulnerability',       'asset',       'cve',         'software', 'vulnerabilities', 1, NULL,      'software patched or gone'),
  ('asset_application',         'asset',       'os',          'machine',  'machines',        0, NULL,      'machine changed'),
  ('asset_application',         'asset',       'application', 'software', 'vulnerabilities', 1, NULL,      'software patched or gone'),
  ('application_vulnerability', 'application', 'cve',         'software', 'vulnerabilities', 1, NULL,      'software patched or gone');

-- Fields that are sent only where CAR's own import schema names them (car_field). CAR keeps what a later import leaves out:
-- empty is sent where CAR holds a value by our word and Defender tells none any longer. Of tags it is untag that takes away.
CREATE VIEW body_field (collection, field, car_field, empty) AS VALUES
  ('asset', 'risk',           'asset.risk',                   0),
  ('asset', 'business_value', 'asset.business_value',         0),
  ('asset', 'asset_type',     'asset.asset_type',             ''),
  ('asset', 'tag',            'asset.tag',                    NULL),
  ('asset', 'untag',          'asset.untag',                  NULL),
  ('cve',   'xfr_cvss3_base', 'vulnerability.xfr_cvss3_base', 0),
  ('cve',   'updated_on',     'vulnerability.updated_on',     0),
  ('user',  'username',       'user.username',                '');
-- Those that it names.
CREATE VIEW named_field AS
SELECT f.collection, f.field, f.empty
FROM setting s CROSS JOIN json_each(s.value) j CROSS JOIN body_field f ON f.car_field = j.value
WHERE s.name = 'car_fields';

-- Which datasets a guard's kind concerns: 'delete' (of assets), or the removals of a type of edge.
CREATE VIEW withheld_dataset (kind, dataset) AS
SELECT 'delete', dataset FROM collection WHERE name = 'asset'
UNION ALL
SELECT name, dataset FROM edge_type WHERE withheld;

-- An edge with the names of both ends, for people and for delivery.
CREATE VIEW edge_name AS
SELECT e.edge_id, e.collection,
       f.vertex_id AS from_id, f.collection AS from_collection, f.key AS from_key,
       t.vertex_id AS to_id, t.collection AS to_collection, t.key AS to_key
FROM edge e
JOIN vertex f ON f.vertex_id = e.from_id
JOIN vertex t ON t.vertex_id = e.to_id;
