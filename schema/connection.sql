-- Every writing connection.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;    -- an intent must be on the disk before its first byte is sent to CAR
PRAGMA foreign_keys = ON;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -8192;    -- KiB
