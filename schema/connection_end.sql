-- At the end of a run: the log goes into the file and is emptied, unless somebody is reading just then.
PRAGMA busy_timeout = 0;
PRAGMA wal_checkpoint(TRUNCATE);
