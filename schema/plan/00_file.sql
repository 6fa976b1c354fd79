-- A plan file (plan --save) is the stage of schema/stage/10_tables.sql as it was fetched, before derive looked at it, and
-- these tables beside it. sync --plan takes it in place of fetching, compares, and drops them again: what is left is the
-- run's snapshot.

PRAGMA stage.application_id = 0x6463706c;  -- "dcpl"

-- The plan, one row. Its clock, mode and parameters stand in stage.run.
CREATE TABLE stage.plan (
  made_at         TEXT NOT NULL,     -- this machine's clock
  asked_mode      TEXT NOT NULL,     -- by the command: auto, full, incremental
  allow_once      TEXT NOT NULL,     -- the tokens that were given; ''
  command         TEXT NOT NULL,     -- how it was asked for: no secrets
  permissions     TEXT NOT NULL,     -- those that let something through while fetching, joined by commas
  deletes_allowed INTEGER NOT NULL,  -- 1: deletes among it
  held_back       INTEGER NOT NULL,  -- 1: a guard held something back while fetching
  fetched_session INTEGER NOT NULL,  -- 0: a guard took CAR's session away while fetching
  session         INTEGER NOT NULL,  -- 0: in the end a full import would go without CAR's session
  failure         TEXT,              -- the kind of the failure that fetching went on from
  error           TEXT,
  seal            TEXT NOT NULL      -- a hash of what this row and the warnings say in words, under the client secret: who
                                     -- does not have that cannot make a run repeat words of his own
) STRICT;
CREATE TABLE stage.plan_warning (
  position INTEGER PRIMARY KEY,
  text     TEXT NOT NULL
) STRICT;

-- Machines missing from the full list that a permission lets go.
CREATE TABLE stage.plan_allowed (
  machine TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What it stands on (view standing), as it was.
CREATE TABLE stage.plan_standing (
  name  TEXT PRIMARY KEY,
  value TEXT
) STRICT, WITHOUT ROWID;

-- The list. 'drop': falls away at the end of the full import's session; 'as last known': reported so that it does not.
CREATE TABLE stage.planned (
  position        INTEGER PRIMARY KEY,
  operation       TEXT NOT NULL CHECK (operation IN ('vertex', 'edge', 'disable', 'touch', 'delete', 'drop')),
  collection      TEXT NOT NULL,     -- CAR's
  from_collection TEXT NOT NULL,     -- of a vertex: its own
  from_key        TEXT NOT NULL,
  to_collection   TEXT,
  to_key          TEXT,
  reason          TEXT NOT NULL,
  evidence        TEXT,
  body            TEXT,              -- of a vertex
  last_modified   INTEGER,           -- ms; of an alert's edge
  machine         TEXT               -- the machine behind it, where there is one
) STRICT;
