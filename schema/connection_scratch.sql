-- A connection that compares attached files, in tables of its own.
PRAGMA temp_store = FILE;     -- what differs may be as large as the files
PRAGMA cache_size = -8192;    -- KiB
