-- Of a file that has no pages yet, before anything else: elsewhere it would write.
PRAGMA auto_vacuum = INCREMENTAL;
