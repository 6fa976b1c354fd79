-- What a person allowed once (--allow-once): the audit's question "who let this through?", and the rolling 24 hours of
-- --max-deletes do not count deletes that were somebody's decision.
ALTER TABLE run ADD COLUMN permission TEXT;  -- the tokens that let something through in this run
ALTER TABLE run ADD COLUMN deletes_allowed INTEGER NOT NULL DEFAULT 0;  -- 1: deletes among it

PRAGMA user_version = 2;
