-- What a run made of the desired graph, so that a replay can prove it: SHA-256, lower-case hex. Of a full import over the
-- whole graph, of an incremental run over the digest it builds on and its changes (schema/phase/60_digest.sql). Setting
-- `digest` is the newest one.
ALTER TABLE run ADD COLUMN digest TEXT;

-- explain asks which import of a run brought an object, and what is under way for it.
DROP INDEX ledger_by_run;
CREATE INDEX ledger_by_run ON ledger (run_id, operation, collection, at);
CREATE INDEX outbox_by_object ON outbox (object_id);

PRAGMA user_version = 3;
