-- Working tables of one comparison of CAR with acknowledged_*, all of them temporary. A state that was opened to be read
-- stays so (SQLite opened the file read-only); only the pragma that forbids temporary tables as well is taken back.
PRAGMA query_only = OFF;

DROP TABLE IF EXISTS temp.kind;
CREATE TEMP TABLE kind AS SELECT name, car_name FROM main.collection;

-- The machines of --sample; empty: all of them.
DROP TABLE IF EXISTS temp.sample;
CREATE TEMP TABLE sample (vertex_id INTEGER PRIMARY KEY, machine TEXT NOT NULL) STRICT;

-- The collections that were read back, by CAR's names; of an edge's with those of its ends.
DROP TABLE IF EXISTS temp.read_collection;
CREATE TEMP TABLE read_collection (
  name TEXT PRIMARY KEY, from_collection TEXT, to_collection TEXT) STRICT, WITHOUT ROWID;

-- What CAR answered.
DROP TABLE IF EXISTS temp.readback_vertex;
CREATE TEMP TABLE readback_vertex (
  collection TEXT NOT NULL,
  key        TEXT NOT NULL,
  active     INTEGER NOT NULL,
  body       TEXT NOT NULL,          -- the attributes that were asked for, null where CAR has none
  PRIMARY KEY (collection, key)) STRICT, WITHOUT ROWID;
DROP TABLE IF EXISTS temp.readback_edge;
CREATE TEMP TABLE readback_edge (
  collection TEXT NOT NULL,
  from_key   TEXT NOT NULL,
  to_key     TEXT NOT NULL,
  active     INTEGER NOT NULL,
  PRIMARY KEY (collection, from_key, to_key)) STRICT, WITHOUT ROWID;
