-- Questions about one machine or CVE that Defender refuses while it answers those about others (400, 500, 204, no answer):
-- what was known last stays, and the question is asked less and less often (schema/statement/fetch.sql, refused_again).
CREATE TABLE refusal (
  question TEXT NOT NULL,            -- users: a machine's logon users; machine: a machine by its id; cve: a CVE by its name
  subject  TEXT NOT NULL,            -- the machine or CVE
  times    INTEGER NOT NULL,         -- in a row
  at       TEXT NOT NULL,            -- the last one, by Defender's clock
  next_at  TEXT NOT NULL,            -- not asked again before
  problem  TEXT NOT NULL,            -- what came back
  PRIMARY KEY (question, subject)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 7;
