-- The graph's kinds, as CAR names them and as it wants their ends (docs/services/car.md).

-- by_external_id: edges name the vertex by its external id; otherwise by collection/key.
CREATE VIEW collection (name, car_name, by_external_id) AS VALUES
  ('asset',      'asset',         1),
  ('hostname',   'hostname',      0),
  ('ipaddress',  'ipaddress',     0),
  ('macaddress', 'macaddress',    0),
  ('user',       'user',          1),   -- in the user model by key (statement deliver/edges)
  ('account',    'account',       1),
  ('alert',      'vulnerability', 1),
  ('cve',        'vulnerability', 1),
  ('application','application',   1),
  ('os',         'application',   1);

-- An edge with the names of both ends, for people and for delivery.
CREATE VIEW edge_name AS
SELECT e.edge_id, e.collection,
       f.vertex_id AS from_id, f.collection AS from_collection, f.key AS from_key,
       t.vertex_id AS to_id, t.collection AS to_collection, t.key AS to_key
FROM edge e
JOIN vertex f ON f.vertex_id = e.from_id
JOIN vertex t ON t.vertex_id = e.to_id;
