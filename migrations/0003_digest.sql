-- What a run made of the desired graph, so that a replay can prove it: SHA-256, lower-case hex. Of a full import over the
-- whole graph, of an incremental run over the digest it builds on and its changes (schema/phase/60_digest.sql). Setting
-- `digest` is the newest one.
ALTER TABLE run ADD COLUMN digest TEXT;

PRAGMA user_version = 3;
