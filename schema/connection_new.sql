-- Of a file that has no pages yet, before anything else: elsewhere it would write.
PRAGMA page_size = 8192;
PRAGMA auto_vacuum = INCREMENTAL;
