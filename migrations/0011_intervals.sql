-- Since when CAR held what a removal took, so that the ledger can tell what CAR held at any time. NULL in the rows of an older
-- program, which did not note it, and in rows that remove nothing.
ALTER TABLE ledger ADD COLUMN object_id INTEGER;  -- of a removal: the number of the edge or vertex
ALTER TABLE ledger ADD COLUMN since TEXT;         -- when CAR acknowledged it, this host's clock
ALTER TABLE ledger ADD COLUMN since_run INTEGER;  -- the run that imported it

-- The removals of older programs: from the last of them on the intervals are whole (view audit_reach).
CREATE INDEX ledger_without_since ON ledger (at)
WHERE object_id IS NULL AND operation IN ('disable', 'delete', 'drop', 'lost');

-- Who gave the permissions of a run: "NAME on HOST", or "NAME as USER on HOST" where sudo was between.
ALTER TABLE run ADD COLUMN permitted_by TEXT;

PRAGMA user_version = 11;
