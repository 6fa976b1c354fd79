-- Of a copy of the state, before a plan's run begins on it.

CREATE TEMP TABLE stands_on AS SELECT name, value FROM standing;

-- What CAR took as an import job and has not been asked after: a sync asks first, and sends again only what is not done.
CREATE TEMP TABLE with_car (is_edge INTEGER, object_id INTEGER, PRIMARY KEY (is_edge, object_id)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO with_car
SELECT o.operation = 'edge', o.object_id
FROM batch b CROSS JOIN outbox o ON o.item_id BETWEEN b.first_item AND b.last_item
WHERE b.job_id IS NOT NULL;
