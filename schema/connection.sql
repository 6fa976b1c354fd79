-- Every writing connection.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;    -- an intent must be on the disk before its first byte is sent to CAR
PRAGMA foreign_keys = ON;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -16384;   -- KiB, and what a sort may take before it goes to a file
PRAGMA secure_delete = FAST;  -- Debian's default writes zeros over every freed page: twice the log of a full import
