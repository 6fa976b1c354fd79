-- At the end of a run: what the outbox took is given back, and the log goes into the file and is emptied, unless somebody is
-- reading just then.
PRAGMA busy_timeout = 0;
PRAGMA incremental_vacuum;
PRAGMA wal_checkpoint(TRUNCATE);
