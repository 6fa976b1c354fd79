-- The migrator's questions.
-- statement: version
PRAGMA user_version
-- statement: data_version
-- Another number when another connection has committed since.
PRAGMA data_version
-- statement: last_run
SELECT max(run_id) FROM run
-- statement: views
SELECT name FROM sqlite_schema WHERE type = 'view'
-- statement: foreign_key_faults
SELECT count(*) FROM pragma_foreign_key_check
-- statement: claim_faults
-- The tables of most rows declare no parents (migrations/0004_software.sql).
SELECT (SELECT count(*) FROM claim
        WHERE edge_id NOT IN (SELECT edge_id FROM edge) OR machine_id NOT IN (SELECT vertex_id FROM vertex))
     + (SELECT count(*) FROM edge
        WHERE from_id NOT IN (SELECT vertex_id FROM vertex) OR to_id NOT IN (SELECT vertex_id FROM vertex))
     + (SELECT count(*) FROM acknowledged_edge WHERE edge_id NOT IN (SELECT edge_id FROM edge))
-- statement: has_software
-- Files of before 0004_software.sql have not.
SELECT count(*) FROM sqlite_schema WHERE name = 'machine_software'
-- statement: software_faults
SELECT count(*) FROM machine_software
WHERE machine_id NOT IN (SELECT vertex_id FROM vertex) OR software_id NOT IN (SELECT software_id FROM software)
-- statement: gives_space_back
SELECT auto_vacuum = 2 FROM pragma_auto_vacuum
-- statement: fingerprint
SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'derivation'
-- statement: set_fingerprint
INSERT INTO setting VALUES ('derivation', CAST(:fingerprint AS TEXT)) ON CONFLICT DO UPDATE SET value = excluded.value
-- statement: integrity
PRAGMA integrity_check(1)
-- statement: schema
-- What SQLite makes by itself (sqlite_…) has no text.
SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
-- statement: objects
SELECT count(*) FROM sqlite_schema
-- statement: trigger
SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name
-- statement: schema_mark
SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'schema'
-- statement: set_schema_mark
INSERT INTO setting VALUES ('schema', CAST(:mark AS TEXT)) ON CONFLICT DO UPDATE SET value = excluded.value
