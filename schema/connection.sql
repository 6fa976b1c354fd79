-- Every writing connection.
PRAGMA auto_vacuum = INCREMENTAL;  -- of a new file, and of an older one once it is vacuumed
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;    -- an intent must be on the disk before its first byte is sent to CAR
PRAGMA foreign_keys = ON;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -8192;    -- KiB
