-- What CAR refused comes again after a day, and not only when it looks different. A row of before comes again in the next run.
ALTER TABLE refused_vertex ADD COLUMN refused_at TEXT NOT NULL DEFAULT '';  -- Defender's clock in that run
ALTER TABLE refused_edge ADD COLUMN refused_at TEXT NOT NULL DEFAULT '';

-- Changes of what CAR holds that CAR refused for good: as they stood in the outbox. CAR holds the object as before.
CREATE TABLE refused_change (
  operation     TEXT NOT NULL,       -- disable, touch, delete
  object_id     INTEGER NOT NULL,    -- of the edge; of a delete the vertex
  collection    TEXT NOT NULL,
  reason        TEXT NOT NULL,       -- of the change
  evidence      TEXT,
  last_modified INTEGER,
  machine_id    INTEGER,
  aspect        TEXT,
  answer        TEXT NOT NULL,       -- CAR's
  run_id        INTEGER NOT NULL,
  refused_at    TEXT NOT NULL,       -- Defender's clock in that run
  PRIMARY KEY (operation, object_id)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 8;
