-- Which machines CAR shall hold as assets: every one in scope but the inactive-15 ones, who are Inactive and were last seen
-- 15 days ago or more. The work list of this derivation follows from it.

-- Removals that were held back, and operations that were not finished, are looked at anew.
INSERT OR IGNORE INTO touched SELECT machine, aspect FROM due;
DELETE FROM due;
-- That the answer has no software of a machine counted for nothing where no clock is believed: it is asked for again.
INSERT INTO due
SELECT s.DeviceId, 'software', 'no clock is agreed', r.run_id FROM stage.run r CROSS JOIN stage.software_reading s
WHERE NOT r.clock_agreed;

-- Machines whose 15 days are over, or that are gone.
DROP TABLE IF EXISTS temp.leaving;
CREATE TEMP TABLE leaving (vertex_id INTEGER PRIMARY KEY, machine TEXT NOT NULL, reason TEXT NOT NULL, evidence TEXT) STRICT;
INSERT INTO leaving
SELECT v.vertex_id, m.id, 'inactive-15', 'MachineInfo: healthStatus Inactive, lastSeen ' || m.lastSeen
FROM MachineInfo m
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = m.id
CROSS JOIN asset a ON a.vertex_id = v.vertex_id
WHERE m.healthStatus = 'Inactive'
  AND m.lastSeen <= strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM aging), '-15 days')
  -- A record that could not be read may have said otherwise.
  AND m.id NOT IN (SELECT key FROM unread WHERE dataset = 'machines')
  AND NOT EXISTS (SELECT 1 FROM unnamed WHERE dataset = 'machines');
INSERT OR IGNORE INTO leaving
SELECT v.vertex_id, t.machine, 'gone', 'Defender answered 404 for this machine id'
FROM touched t
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = t.machine
CROSS JOIN asset a ON a.vertex_id = v.vertex_id
WHERE NOT EXISTS (SELECT 1 FROM MachineInfo m WHERE m.id = t.machine);

-- Whose 15 days are not over after all: Defender's clock was ahead when they went.
INSERT OR IGNORE INTO touched
SELECT m.id, 'all'
FROM MachineInfo m
WHERE m.healthStatus = 'Inactive'
  AND NOT EXISTS (SELECT 1 FROM out_of_scope o WHERE o.id = m.id)
  AND m.lastSeen > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-15 days')
  AND NOT EXISTS (SELECT 1 FROM vertex v JOIN asset a ON a.vertex_id = v.vertex_id
                  WHERE v.collection = 'asset' AND v.key = m.id);

-- Machines that count by their own records.
DROP VIEW IF EXISTS temp.counting;
CREATE TEMP VIEW counting AS
SELECT m.id FROM MachineInfo m
WHERE (m.healthStatus IS NOT 'Inactive' OR m.lastSeen IS NULL
       OR m.lastSeen > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-15 days'))
  AND NOT EXISTS (SELECT 1 FROM out_of_scope o WHERE o.id = m.id);

-- Where one of them was merged into another one of them, and so on, the one at the end counts and the others do not. A ring
-- has no end: all of it counts. Whoever was merged into a touched machine is looked at with it.
INSERT OR IGNORE INTO touched
WITH RECURSIVE merged_into(id) AS (
  SELECT l.machine FROM (SELECT 1 WHERE EXISTS (SELECT 1 FROM scope_rule WHERE rule = 'merged_devices'))
  CROSS JOIN (SELECT machine FROM touched UNION SELECT machine FROM leaving) l
  UNION
  SELECT m.id FROM merged_into t CROSS JOIN MachineInfo m ON m.mergedIntoMachineId = t.id)
SELECT id, 'machine' FROM merged_into;
DROP TABLE IF EXISTS temp.merged;
CREATE TEMP TABLE merged (machine TEXT PRIMARY KEY, target TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO merged
WITH RECURSIVE way(machine, at) AS (
  SELECT DISTINCT t.machine, t.machine
  FROM (SELECT 1 WHERE EXISTS (SELECT 1 FROM scope_rule WHERE rule = 'merged_devices')) CROSS JOIN touched t
  UNION
  SELECT w.machine, c.id
  FROM way w CROSS JOIN MachineInfo m ON m.id = w.at CROSS JOIN counting c ON c.id = m.mergedIntoMachineId
  WHERE c.id <> w.at)
SELECT w.machine, w.at
FROM way w CROSS JOIN MachineInfo m ON m.id = w.at
WHERE w.at <> w.machine
  AND NOT EXISTS (SELECT 1 FROM counting c WHERE c.id = m.mergedIntoMachineId AND c.id <> m.id);

-- Assets that are out of scope now. Where a record could not be read it may have said otherwise: they are looked at again.
DROP TABLE IF EXISTS temp.outside;
CREATE TEMP TABLE outside (vertex_id INTEGER PRIMARY KEY, machine TEXT NOT NULL, evidence TEXT, unread INTEGER NOT NULL) STRICT;
INSERT INTO outside
SELECT v.vertex_id, t.machine,
       'MachineInfo: ' || coalesce((SELECT min(o.reason) FROM out_of_scope o WHERE o.id = t.machine),
                                   'merged into ' || (SELECT target FROM merged g WHERE g.machine = t.machine)),
       t.machine IN (SELECT key FROM unread WHERE dataset = 'machines')
       OR EXISTS (SELECT 1 FROM unnamed WHERE dataset = 'machines')
FROM (SELECT 1 WHERE EXISTS (SELECT 1 FROM scope_rule)) CROSS JOIN (SELECT DISTINCT machine FROM touched) t
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = t.machine
CROSS JOIN asset a ON a.vertex_id = v.vertex_id
WHERE EXISTS (SELECT 1 FROM out_of_scope o WHERE o.id = t.machine) OR t.machine IN (SELECT machine FROM merged);
INSERT OR IGNORE INTO leaving SELECT vertex_id, machine, 'out of scope', evidence FROM outside WHERE NOT unread;
INSERT INTO due
SELECT machine, 'machine', 'dataset incomplete', (SELECT run_id FROM stage.run) FROM outside WHERE unread
ON CONFLICT DO NOTHING;

-- Machines that came, or came back.
DROP TABLE IF EXISTS temp.joining;
CREATE TEMP TABLE joining (machine TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO joining
SELECT DISTINCT m.id
FROM touched t CROSS JOIN counting m ON m.id = t.machine
WHERE m.id NOT IN (SELECT machine FROM merged)
  AND NOT EXISTS (SELECT 1 FROM asset a JOIN vertex v ON v.vertex_id = a.vertex_id
                  WHERE v.collection = 'asset' AND v.key = m.id);
INSERT OR IGNORE INTO vertex (collection, key) SELECT 'asset', machine FROM joining;

-- What the guard on deletes looks at: these, and in a full import the assets that would fall away.
DROP TABLE IF EXISTS temp.removal;
CREATE TEMP TABLE removal (          -- kind: 'delete' or an edge collection
  kind TEXT NOT NULL, object_id INTEGER NOT NULL, PRIMARY KEY (kind, object_id)) STRICT, WITHOUT ROWID;
INSERT INTO removal
SELECT 'delete', l.vertex_id FROM leaving l CROSS JOIN acknowledged_vertex k ON k.vertex_id = l.vertex_id;
DROP TABLE IF EXISTS temp.falling;
CREATE TEMP TABLE falling (why TEXT NOT NULL) STRICT;  -- a row: what nobody wants falls away, or goes one by one
INSERT INTO falling
SELECT r.mode FROM stage.run r WHERE r.mode = 'full' OR EXISTS (SELECT 1 FROM setting WHERE name = 'leftovers_due');
INSERT OR IGNORE INTO removal
SELECT 'delete', k.vertex_id
FROM falling CROSS JOIN acknowledged_vertex k CROSS JOIN vertex v ON v.vertex_id = k.vertex_id
WHERE v.collection = 'asset'
  AND k.vertex_id NOT IN (SELECT vertex_id FROM asset)
  AND v.key NOT IN (SELECT machine FROM joining);

-- Held back: the machine stays an asset, with all its edges, and is looked at again.
INSERT INTO due
SELECT machine, 'all', 'a guard holds back deletes', (SELECT run_id FROM stage.run) FROM leaving
WHERE EXISTS (SELECT 1 FROM withheld WHERE kind = 'delete')
ON CONFLICT DO NOTHING;
DELETE FROM leaving WHERE EXISTS (SELECT 1 FROM withheld WHERE kind = 'delete');

DELETE FROM asset WHERE vertex_id IN (SELECT vertex_id FROM leaving);
INSERT INTO asset
SELECT v.vertex_id, (SELECT run_id FROM stage.run)
FROM joining j CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = j.machine;
INSERT OR IGNORE INTO touched SELECT machine, 'all' FROM leaving UNION ALL SELECT machine, 'all' FROM joining;

-- The work list: every touched machine that is an asset, or has claims left from when it was one.
DROP TABLE IF EXISTS temp.work;
CREATE TEMP TABLE work (
  machine_id INTEGER NOT NULL, aspect TEXT NOT NULL, machine TEXT NOT NULL, is_asset INTEGER NOT NULL,
  PRIMARY KEY (aspect, machine_id)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO work
SELECT v.vertex_id, a.aspect, t.machine, EXISTS (SELECT 1 FROM asset WHERE asset.vertex_id = v.vertex_id)
FROM touched t
CROSS JOIN vertex v ON v.collection = 'asset' AND v.key = t.machine
CROSS JOIN (SELECT 'machine' AS aspect UNION ALL SELECT 'network' UNION ALL SELECT 'users' UNION ALL SELECT 'alerts'
            UNION ALL SELECT 'software') a ON t.aspect = a.aspect OR t.aspect = 'all';

-- Excluded by option: left alone, and derived when it is included again.
INSERT INTO due
SELECT machine, aspect, 'excluded by option', (SELECT run_id FROM stage.run) FROM work
WHERE (aspect = 'alerts' AND EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'alerts' AND state = 'excluded'))
   OR (aspect = 'software' AND EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'vulnerabilities' AND state = 'excluded'))
ON CONFLICT DO NOTHING;
DELETE FROM work
WHERE (aspect = 'alerts' AND EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'alerts' AND state = 'excluded'))
   OR (aspect = 'software' AND EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'vulnerabilities' AND state = 'excluded'));
