-- Calls made to Defender, counted over the runs against what it allows an hour (engine/defender/call_budget.h). A run
-- writes ahead of itself, in blocks, so that one that is killed has never made more calls than stand here. Rows older than an
-- hour go at the end of a run.
CREATE TABLE call_budget (
  family TEXT NOT NULL,              -- machines, alerts, users, hunting, vulnerabilities: each has a quota of its own
  at     TEXT NOT NULL,              -- the beginning of ten seconds, by this machine's clock
  calls  INTEGER NOT NULL,
  PRIMARY KEY (family, at)
) STRICT, WITHOUT ROWID;

-- Machines that did not tell their logon users when they were asked last: those that wait longer come first.
CREATE TABLE users_unanswered (
  machine TEXT PRIMARY KEY,
  at      TEXT NOT NULL,             -- Defender's clock in that run
  state   TEXT NOT NULL              -- absent (404), failed
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 6;
