-- Records that a run could not use, each counted once, and what CAR refused in it. (`rejected` has one row for all records
-- of one key that were set aside for one reason; runs of older programs have no other count.)
CREATE VIEW set_aside_by_run (run_id, records) AS
SELECT r.run_id, coalesce(r.set_aside + (SELECT count(*) FROM rejected WHERE last_run = r.run_id AND dataset = 'CAR'),
                          (SELECT count(*) FROM rejected WHERE last_run = r.run_id))
FROM run r;
