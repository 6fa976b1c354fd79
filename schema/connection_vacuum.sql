-- A file that was made before connection_new.sql.
PRAGMA auto_vacuum = INCREMENTAL;
VACUUM;
