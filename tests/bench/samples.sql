-- What scripts/bench notes while it measures (build/bench/samples.db); figures.sql reads it.

CREATE TABLE setup (             -- one row
  commit_name TEXT, against TEXT, at TEXT, cores INTEGER, cpu TEXT,
  rounds INTEGER, changes INTEGER  -- changed devices of a run with changes
) STRICT;
CREATE TABLE size (role TEXT, machines INTEGER, UNIQUE (role, machines)) STRICT;  -- listed, small, large, tiny
CREATE TABLE wish (name TEXT PRIMARY KEY) STRICT;                                 -- the figures asked for

CREATE TABLE sample (side TEXT, machines INTEGER, kind TEXT, round INTEGER, report TEXT, cost TEXT,
                     simulator_before TEXT, simulator_after TEXT, snapshot_bytes INTEGER) STRICT;
CREATE TABLE command (side TEXT, machines INTEGER, name TEXT, cost TEXT) STRICT;
CREATE TABLE state (side TEXT, machines INTEGER, file_bytes INTEGER, raw_bytes INTEGER) STRICT;
CREATE TABLE staging (side TEXT, figures TEXT) STRICT;
CREATE TABLE ready (side TEXT, machines INTEGER, seconds REAL) STRICT;  -- of its simulator
