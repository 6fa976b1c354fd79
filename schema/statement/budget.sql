-- Calls made to Defender, by family and slice of time (migrations/0004_budget.sql).
-- statement: calls
SELECT family, CAST(round((julianday(at) - 2440587.5) * 86400000) AS INTEGER), calls FROM call_budget
-- statement: count
INSERT INTO call_budget VALUES (:family, :at, :calls) ON CONFLICT DO UPDATE SET calls = excluded.calls
-- statement: forget
-- What is ahead of the clock was written before it was set back.
DELETE FROM call_budget WHERE at < :from OR at > :until
