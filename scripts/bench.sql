-- What scripts/bench makes of its samples: temporary views over the tables sample and staging.

CREATE TEMP VIEW run AS
SELECT machines, kind, round, report,
       (cost ->> 'user') + (cost ->> 'system') AS cpu,
       (cost ->> 'wall') AS wall,
       (cost ->> 'peak_kib') / 1024.0 AS peak,
       (report ->> 'defender_calls') + (report ->> 'car_calls') AS requests,
       (SELECT sum(value ->> 'rows') FROM json_each(report, '$.datasets')) AS rows,
       (SELECT coalesce(sum(value ->> 'count'), 0) FROM json_each(report, '$.sent')) AS sent
FROM sample;

-- Runs that do not show what they were made for.
CREATE TEMP VIEW strange AS
SELECT * FROM run
WHERE report ->> 'outcome' <> 'done' OR (report ->> 'mode' = 'full') <> (kind = 'full')
   OR (kind = 'quiet' AND sent > 0) OR (kind = 'changed' AND sent < 100);

-- The run in the middle, by CPU, stands for its kind.
CREATE TEMP VIEW typical AS
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY machines, kind ORDER BY cpu) AS place,
                      count(*) OVER (PARTITION BY machines, kind) AS of
               FROM run WHERE kind <> 'settle')
WHERE place = (of + 1) / 2;

CREATE TEMP VIEW run_table AS
SELECT machines,
       CASE kind WHEN 'full' THEN 'full import' WHEN 'changed' THEN 'with changes' ELSE 'without a change' END AS run,
       printf('%.2f', cpu) AS "CPU s", printf('%.2f', wall) AS "wall s", printf('%.1f', peak) AS "peak MiB",
       requests, rows AS "rows read", sent AS "records sent"
FROM typical ORDER BY machines, instr('full changed quiet', kind);

-- Requests: those to Defender belong to fetch; those to CAR to deliver, but for the few of recover and settle.
CREATE TEMP VIEW phase AS
SELECT t.machines, p.key AS phase, p.value AS cpu,
       CASE p.key WHEN 'fetch' THEN t.report ->> 'defender_calls' WHEN 'deliver' THEN t.report ->> 'car_calls' END AS requests,
       CASE p.key WHEN 'fetch' THEN t.rows WHEN 'derive' THEN t.rows WHEN 'deliver' THEN t.sent END AS rows
FROM typical t, json_each(t.report, '$.phase_cpu_seconds') p
WHERE t.kind = 'full';

CREATE TEMP VIEW phase_table AS
SELECT machines, phase, printf('%.3f', cpu) AS "CPU s", requests, rows, CAST(rows / cpu AS INTEGER) AS "rows/s"
FROM phase ORDER BY machines, instr('recover fetch derive deliver settle', phase);

CREATE TEMP VIEW staged AS
SELECT d.key AS name, d.value ->> 'rows' AS rows, d.value ->> 'bytes' AS bytes,
       d.value ->> 'floor_seconds' AS floor, d.value ->> 'our_seconds' AS ours
FROM staging s, json_each(s.figures) d;

CREATE TEMP VIEW staging_table AS
SELECT name, rows, printf('%.1f', bytes / 1e6) AS MB, printf('%.3f', floor) AS "floor CPU s",
       printf('%.3f', ours) AS "our CPU s", printf('%.2f', ours / floor) AS ratio
FROM staged;

-- A replay does the derive and diff of all runs since the last full import, and what CAR would have acknowledged.
CREATE TEMP VIEW command_cost AS
SELECT machines, name, (cost ->> 'user') + (cost ->> 'system') AS cpu, cost ->> 'wall' AS wall,
       (cost ->> 'peak_kib') / 1024.0 AS peak,
       CASE name WHEN 'replay' THEN
         (SELECT sum(r.report ->> '$.phase_cpu_seconds.derive') FROM sample r
          WHERE r.machines = command.machines
            AND (r.kind <> 'full' OR r.round = (SELECT max(round) FROM sample WHERE kind = 'full')))
       END AS derive_of_runs
FROM command;

CREATE TEMP VIEW command_table AS
SELECT machines, name AS command, printf('%.3f', cpu) AS "CPU s", printf('%.3f', wall) AS "wall s",
       printf('%.1f', peak) AS "peak MiB", CASE WHEN derive_of_runs > 0 THEN printf('%.2f', cpu / derive_of_runs) ELSE '' END AS "to the runs' own derive"
FROM command_cost;

-- What 100 changed machines cost at a size. The best of each kind: noise only ever adds, and here it would be divided
-- by a small difference.
CREATE TEMP VIEW change_cost AS
SELECT machines, min(cpu) FILTER (WHERE kind = 'changed') - min(cpu) FILTER (WHERE kind = 'quiet') AS cpu
FROM run GROUP BY machines;

CREATE TEMP VIEW measured AS
SELECT 'full import of 10,000: CPU seconds' AS figure, 10.0 AS at_most,
       (SELECT cpu FROM typical WHERE kind = 'full' AND machines = 10000) AS value
UNION ALL
SELECT 'peak memory at 10,000: MiB', 128, (SELECT max(peak) FROM run WHERE machines = 10000)
UNION ALL
SELECT 'peak memory, 10,000 to 1,000', 1.3,
       (SELECT max(peak) FROM run WHERE machines = 10000) / (SELECT max(peak) FROM run WHERE machines = 1000)
UNION ALL
SELECT 'full import CPU, 10,000 to 1,000', 12,
       (SELECT cpu FROM typical WHERE kind = 'full' AND machines = 10000) /
       (SELECT cpu FROM typical WHERE kind = 'full' AND machines = 1000)
UNION ALL
SELECT 'staging to its floor, ' || name, 2, ours / floor FROM staged
UNION ALL
SELECT 'cost of 100 changed machines, 10,000 to 1,000', 1.3,
       (SELECT cpu FROM change_cost WHERE machines = 10000) /
       (SELECT cpu FROM change_cost WHERE machines = 1000);

CREATE TEMP VIEW wanted AS SELECT *, coalesce(value <= at_most, 0) AS good FROM measured;

CREATE TEMP VIEW wanted_table AS
SELECT figure, at_most AS "at most", printf('%.2f', value) AS measured, iif(good, 'ok', 'MISSED') AS verdict
FROM wanted;

CREATE TEMP VIEW document AS
SELECT json_object(
  'version', 1,
  'wanted', (SELECT json_group_array(json_object('figure', figure, 'at_most', at_most, 'value', round(value, 3),
                                                 'good', json(iif(good, 'true', 'false')))) FROM wanted),
  'runs', (SELECT json_group_array(json_object('machines', machines, 'run', kind, 'cpu_seconds', round(cpu, 3),
                                               'wall_seconds', round(wall, 3), 'peak_mib', round(peak, 1),
                                               'requests', requests, 'rows', rows, 'sent', sent))
           FROM typical),
  'phases', (SELECT json_group_array(json_object('machines', machines, 'phase', phase, 'cpu_seconds', round(cpu, 4),
                                                 'requests', requests, 'rows', rows,
                                                 'rows_per_second', CAST(rows / cpu AS INTEGER))) FROM phase),
  'commands', (SELECT json_group_array(json_object('machines', machines, 'command', name, 'cpu_seconds', round(cpu, 3),
                                                   'wall_seconds', round(wall, 3), 'peak_mib', round(peak, 1),
                                                   'derive_seconds_of_runs', round(derive_of_runs, 3)))
               FROM command_cost),
  'staging', (SELECT json(figures) FROM staging)) AS json;
