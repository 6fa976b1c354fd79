-- Every writing connection.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;    -- an intent must be on the disk before its first byte is sent to CAR
PRAGMA foreign_keys = ON;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -16384;   -- KiB, and what a sort may take before it goes to a file
PRAGMA secure_delete = FAST;  -- zeros over what is deleted, but not over whole pages that are free: those would be written for it
