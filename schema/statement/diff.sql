-- What `diff` reads: the tables that schema/diff/*.sql made, and of two attached states the runs.
-- statement: before
SELECT run_id, started_at FROM before.run ORDER BY run_id DESC LIMIT 1
-- statement: after
SELECT run_id, started_at FROM after.run ORDER BY run_id DESC LIMIT 1
-- statement: counts
SELECT k.part, k.name AS kind, count(*) FILTER (WHERE c.change = 'added') AS added,
       count(*) FILTER (WHERE c.change = 'removed') AS removed,
       count(DISTINCT c.object) FILTER (WHERE c.change = 'changed') AS changed
FROM change c JOIN kind k ON k.part = c.part AND k.name = c.kind
GROUP BY k.place ORDER BY k.place
-- statement: machines
SELECT count(*) FROM changed_machine WHERE machine <> ''
-- statement: changes
SELECT c.machine, m.name, c.part, c.kind, c.change, c.object, c.field, c.before, c.after
FROM change c CROSS JOIN changed_machine m ON m.machine = c.machine CROSS JOIN kind k ON k.part = c.part AND k.name = c.kind
ORDER BY c.machine = '', m.name, c.machine, k.place, c.change <> 'changed', c.change = 'added', c.object, c.field, c.before, c.after
