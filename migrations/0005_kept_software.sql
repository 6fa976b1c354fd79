-- Machines whose software Defender no longer has, while they are silent: what was last known of it stays. A delta of the
-- export tells only once that a row is gone, so who comes back with other software must be known here.
CREATE TABLE kept_software (
  machine_id INTEGER PRIMARY KEY REFERENCES vertex,
  run_id     INTEGER NOT NULL          -- the run that found nothing of it
) STRICT;

PRAGMA user_version = 5;
