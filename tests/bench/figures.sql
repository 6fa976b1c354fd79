-- What scripts/bench makes of its samples (tests/bench/samples.sql): temporary views.
--
-- A side is a program that is measured: `here` is this tree's, `there` that of --against. Sizes have roles: `large` is the
-- largest of --sizes, `small` the one before it.

-- The figures. `needs` are samples, each KIND@ROLE. A limit of NULL is none: such a figure is shown, and not judged.
CREATE TEMP VIEW figure (place, name, needs, unit, at_most, says) AS VALUES
  (1, 'full-cpu', 'full@large', 's', 60.0, 'full import: CPU of the program'),
  (2, 'full-to-floor', 'full@large staging@large', 'times', NULL, 'full import: its CPU to that of a bare parse and insert of its software rows'),
  (3, 'peak-memory', 'full@large', 'MiB', 128.0, 'full import: peak memory'),
  (4, 'peak-growth', 'full@small full@large', 'times', 1.3, 'full import: peak memory, small to large'),
  (5, 'full-growth', 'full@small full@large', 'times',
   (SELECT 1.2 * max(machines) / min(machines) FROM size WHERE role IN ('small', 'large')),
   'full import: CPU, small to large'),
  (6, 'staging', 'staging@large', 'times', 2.0, 'staging of the software rows: CPU to the floor'),
  (7, 'staging-machines', 'staging@large', 'times', 2.0, 'staging of the machine list: CPU to the floor'),
  (8, 'changed-growth', 'changed@small changed@large', 'times', 1.3, 'run with changes: CPU less the machine list, small to large'),
  (9, 'quiet-cpu', 'quiet@large', 's', 0.1, 'run without a change: CPU less the machine list'),
  (10, 'state-size', 'state@large', 'times', 1.5, 'state file: its bytes to those of the raw values'),
  (11, 'explain', 'explain@large', 's', 1.0, 'explain: wall time'),
  (12, 'status', 'status@large', 's', 1.0, 'status: wall time'),
  (13, 'runs', 'runs@large', 's', 1.0, 'runs: wall time'),
  (14, 'start-up', 'status@tiny', 's', 0.05, 'of which start-up: wall time of status on an almost empty state'),
  (15, 'latency', 'full@small latency@small', 'times', 2.0, 'full import: wall time with 20 ms on each request, to that without'),
  (16, 'full-calls', 'full@large', 'calls', (SELECT 40.0 * max(1, machines / 10000.0) FROM size WHERE role = 'large'),
   'full import: calls to Defender'),
  (17, 'changed-calls', 'changed@large', 'calls', 12.0, 'run with changes: calls to Defender, besides the machine list''s pages'),
  (18, 'quiet-snapshot', 'quiet@large', 'MB', 1.0, 'run without a change: its snapshot'),
  (19, 'simulator-ready', 'full@large', 's', 20.0, 'the simulator: until it answers'),
  (20, 'replay', 'replay@small', 'times', NULL, 'replay of all runs: CPU to that of their own derive'),
  (21, 'report', 'report@small', 's', NULL, 'report: CPU'),
  (22, 'verify', 'verify@small', 's', NULL, 'verify: CPU');

------------------------------------------------------------------------------------------------ runs

-- `list` is the CPU of the machine list (receive, parse, stage); a program that does not tell it apart says what it took to
-- fetch all.
CREATE TEMP VIEW run AS
SELECT side, machines, kind, round, report,
       1.0 * ((cost ->> 'user') + (cost ->> 'system')) AS cpu,
       1.0 * coalesce(report ->> '$.phase_cpu_seconds."fetch machines"', report ->> '$.phase_cpu_seconds.fetch') AS list,
       (cost ->> 'wall') AS wall,
       (cost ->> 'peak_kib') / 1024.0 AS peak,
       (simulator_after ->> 'cpu_seconds') - (simulator_before ->> 'cpu_seconds') AS simulator,
       report ->> 'defender_calls' AS defender_calls,
       (SELECT ceil((value ->> 'rows') / 10000.0) FROM json_each(report, '$.datasets') WHERE value ->> 'name' = 'machines') AS list_pages,
       snapshot_bytes, (report ->> 'defender_calls') + (report ->> 'car_calls') AS requests,
       (SELECT sum(value ->> 'rows') FROM json_each(report, '$.datasets')) AS rows,
       (SELECT coalesce(sum(value ->> 'count'), 0) FROM json_each(report, '$.sent')) AS sent
FROM sample;

-- Runs that do not show what they were made for.
CREATE TEMP VIEW strange AS
SELECT * FROM run
WHERE (report ->> 'outcome' <> 'done' AND NOT (kind IN ('full', 'latency', 'settle') AND report ->> 'outcome' = 'partial'))
   OR (kind <> 'settle' AND (report ->> 'mode' = 'full') <> (kind IN ('full', 'latency')))
   OR (kind = 'quiet' AND sent > 0) OR (kind = 'changed' AND sent < (SELECT changes FROM setup));

-- One run stands for its kind: of those that do much the one in the middle, by CPU; of the small ones the best, since noise
-- only ever adds, and here it would be divided by a small number.
CREATE TEMP VIEW typical AS
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY side, machines, kind
                                            ORDER BY iif(kind IN ('full', 'latency'), cpu, cpu - list)) AS place,
                      count(*) OVER (PARTITION BY side, machines, kind) AS of
               FROM run WHERE kind <> 'settle')
WHERE place = iif(kind IN ('full', 'latency'), (of + 1) / 2, 1);

CREATE TEMP VIEW typical_at AS
SELECT t.*, s.role FROM typical t JOIN size s ON s.machines = t.machines;

CREATE TEMP VIEW run_table AS
SELECT side, machines,
       CASE kind WHEN 'full' THEN 'full import' WHEN 'latency' THEN 'full import, 20 ms a request'
                 WHEN 'changed' THEN (SELECT changes FROM setup) || ' changes' ELSE 'no change' END AS run,
       printf('%.3f', cpu) AS "CPU s", printf('%.3f', cpu - list) AS "less the list",
       printf('%.2f', wall) AS "wall s", printf('%.1f', peak) AS "peak MiB",
       iif(simulator IS NULL, '', printf('%.2f', simulator)) AS "simulator CPU s", requests, rows AS "rows read", sent AS "records sent"
FROM typical ORDER BY machines, instr('full latency changed quiet', kind), side;

-- Requests: those to Defender belong to fetch; those to CAR to deliver, but for the few of recover and settle.
CREATE TEMP VIEW phase AS
SELECT t.side, t.machines, p.key AS phase, p.value AS cpu,
       CASE p.key WHEN 'fetch' THEN t.report ->> 'defender_calls' WHEN 'deliver' THEN t.report ->> 'car_calls' END AS requests,
       CASE p.key WHEN 'fetch' THEN t.rows WHEN 'derive' THEN t.rows WHEN 'deliver' THEN t.sent END AS rows
FROM typical t, json_each(t.report, '$.phase_cpu_seconds') p
WHERE t.kind = 'full';

CREATE TEMP VIEW phase_table AS
SELECT side, machines, phase, printf('%.3f', cpu) AS "CPU s", requests, rows, CAST(rows / cpu AS INTEGER) AS "rows/s"
FROM phase ORDER BY machines, instr('recover fetch derive deliver settle', phase), side;

--------------------------------------------------------------------------------- staging, commands, the state file

CREATE TEMP VIEW staged AS
SELECT s.side, d.key AS name, d.value ->> 'rows' AS rows, d.value ->> 'bytes' AS bytes,
       d.value ->> 'floor_seconds' AS floor, d.value ->> 'our_seconds' AS ours
FROM staging s, json_each(s.figures) d;

CREATE TEMP VIEW staging_table AS
SELECT side, name, rows, printf('%.1f', bytes / 1e6) AS MB, printf('%.3f', floor) AS "floor CPU s",
       printf('%.3f', ours) AS "our CPU s", printf('%.2f', ours / floor) AS ratio
FROM staged;

-- A replay does the derive and diff of all runs since the last full import, and what CAR would have acknowledged.
CREATE TEMP VIEW command_cost AS
SELECT side, machines, name, min((cost ->> 'user') + (cost ->> 'system')) AS cpu, min(cost ->> 'wall') AS wall,
       max(cost ->> 'peak_kib') / 1024.0 AS peak,
       CASE name WHEN 'replay' THEN
         (SELECT sum(r.report ->> '$.phase_cpu_seconds.derive') FROM sample r
          WHERE r.side = command.side AND r.machines = command.machines AND r.kind <> 'latency'
            AND (r.kind <> 'full' OR r.round = (SELECT max(round) FROM sample
                                                WHERE kind = 'full' AND machines = command.machines)))
       END AS derive_of_runs
FROM command GROUP BY side, machines, name;

CREATE TEMP VIEW command_table AS
SELECT side, machines, name AS command, printf('%.3f', cpu) AS "CPU s", printf('%.3f', wall) AS "wall s",
       printf('%.1f', peak) AS "peak MiB"
FROM command_cost ORDER BY machines, name, side;

CREATE TEMP VIEW state_table AS
SELECT side, machines, printf('%.1f', file_bytes / 1e6) AS "file MB", printf('%.1f', raw_bytes / 1e6) AS "raw values MB",
       printf('%.2f', file_bytes * 1.0 / raw_bytes) AS ratio
FROM state ORDER BY machines, side;

------------------------------------------------------------------------------------------------ the figures

CREATE TEMP VIEW measured AS
SELECT side, 'full-cpu' AS name, cpu AS value FROM typical_at WHERE kind = 'full' AND role = 'large'
UNION ALL
SELECT t.side, 'full-to-floor', cpu / floor FROM typical_at t JOIN staged s ON s.side = t.side AND s.name = 'software'
WHERE kind = 'full' AND role = 'large'
UNION ALL
SELECT side, 'peak-memory', max(peak) FROM run
WHERE kind = 'full' AND machines = (SELECT machines FROM size WHERE role = 'large') GROUP BY side
UNION ALL
SELECT side, 'peak-growth',
       max(peak) FILTER (WHERE machines = (SELECT machines FROM size WHERE role = 'large')) /
       max(peak) FILTER (WHERE machines = (SELECT machines FROM size WHERE role = 'small'))
FROM run WHERE kind = 'full' GROUP BY side
UNION ALL
SELECT side, 'full-growth', max(cpu) FILTER (WHERE role = 'large') / max(cpu) FILTER (WHERE role = 'small')
FROM typical_at WHERE kind = 'full' GROUP BY side
UNION ALL
SELECT side, iif(name = 'software', 'staging', 'staging-machines'), ours / floor FROM staged
UNION ALL
SELECT side, 'changed-growth', max(cpu - list) FILTER (WHERE role = 'large') / max(cpu - list) FILTER (WHERE role = 'small')
FROM typical_at WHERE kind = 'changed' GROUP BY side
UNION ALL
SELECT side, 'quiet-cpu', cpu - list FROM typical_at WHERE kind = 'quiet' AND role = 'large'
UNION ALL
SELECT side, 'state-size', file_bytes * 1.0 / raw_bytes FROM state s JOIN size z ON z.machines = s.machines AND z.role = 'large'
UNION ALL
SELECT side, name, wall FROM command_cost c JOIN size z ON z.machines = c.machines AND z.role = 'large'
WHERE name IN ('explain', 'status', 'runs')
UNION ALL
SELECT side, 'start-up', wall FROM command_cost c JOIN size z ON z.machines = c.machines AND z.role = 'tiny' WHERE name = 'status'
UNION ALL
SELECT l.side, 'latency', l.wall / f.wall FROM typical_at l JOIN typical_at f USING (side, role)
WHERE l.kind = 'latency' AND f.kind = 'full' AND role = 'small'
UNION ALL
SELECT side, 'full-calls', defender_calls FROM typical_at WHERE kind = 'full' AND role = 'large'
UNION ALL
SELECT side, 'changed-calls', defender_calls - list_pages FROM typical_at WHERE kind = 'changed' AND role = 'large'
UNION ALL
SELECT side, 'quiet-snapshot', snapshot_bytes / 1e6 FROM typical_at WHERE kind = 'quiet' AND role = 'large'
UNION ALL
SELECT side, 'simulator-ready', min(seconds) FROM ready r JOIN size z ON z.machines = r.machines AND z.role = 'large' GROUP BY side
UNION ALL
SELECT side, name, iif(name = 'replay', cpu / derive_of_runs, cpu) FROM command_cost WHERE name IN ('replay', 'report', 'verify');

-- Those that were asked for, of this tree. One that came to nothing is missed.
CREATE TEMP VIEW wanted AS
SELECT f.name, f.says, f.unit, f.at_most, m.value, m.value / f.at_most AS to_limit,
       (SELECT group_concat(machines, ' to ')
        FROM (SELECT machines FROM size WHERE instr(f.needs, '@' || role) > 0 ORDER BY machines)) AS machines,
       coalesce(m.value <= coalesce(f.at_most, m.value), 0) AS good
FROM wish w JOIN figure f USING (name) LEFT JOIN measured m ON m.name = f.name AND m.side = 'here'
ORDER BY f.place;

CREATE TEMP VIEW wanted_table AS
SELECT name, says AS figure, machines, coalesce(at_most, '') AS "at most", iif(value IS NULL, '', printf('%.3f', value)) AS measured, unit,
       iif(to_limit IS NULL, '', printf('%.2f', to_limit)) AS "to the limit",
       CASE WHEN NOT good THEN 'MISSED' WHEN at_most IS NULL THEN '' ELSE 'ok' END AS verdict
FROM wanted;

CREATE TEMP VIEW comparison AS
SELECT w.name, w.unit, t.value AS there, w.value AS here, w.value / t.value AS ratio
FROM wanted w LEFT JOIN measured t ON t.name = w.name AND t.side = 'there';

CREATE TEMP VIEW comparison_table AS
SELECT name, unit, printf('%.3f', there) AS there, printf('%.3f', here) AS here, printf('%.2f', ratio) AS "here to there"
FROM comparison;

-- What each run cost on the two sides: the figures above are often ratios already.
CREATE TEMP VIEW run_comparison_table AS
SELECT h.machines, h.kind AS run, printf('%.3f', t.cpu) AS "there CPU s", printf('%.3f', h.cpu) AS "here CPU s",
       printf('%.2f', h.cpu / t.cpu) AS "here to there", printf('%.2f', h.peak / t.peak) AS "peak memory"
FROM typical h JOIN typical t ON t.side = 'there' AND t.machines = h.machines AND t.kind = h.kind
WHERE h.side = 'here' ORDER BY h.machines, instr('full latency changed quiet', h.kind);

------------------------------------------------------------------------------------------------ documents

-- build/bench.json. While `version` is the same, no member goes or changes its meaning.
CREATE TEMP VIEW document AS
SELECT json_object(
  'version', 2,
  'commit', s.commit_name, 'against', s.against, 'date', s.at,
  'machine', json_object('cores', s.cores, 'cpu', s.cpu),
  'sizes', (SELECT json_group_array(machines) FROM (SELECT machines FROM size WHERE role = 'listed' ORDER BY machines)),
  'rounds', s.rounds, 'changes', s.changes,
  'figures', (SELECT json_group_array(json_object('name', name, 'figure', says, 'machines', machines, 'unit', unit,
                                                  'at_most', at_most, 'value', round(value, 4),
                                                  'to_limit', round(to_limit, 4), 'good', json(iif(good, 'true', 'false'))))
              FROM wanted),
  'comparison', (SELECT json_group_array(json_object('name', name, 'there', round(there, 4), 'here', round(here, 4),
                                                     'ratio', round(ratio, 4))) FROM comparison WHERE s.against IS NOT NULL),
  'runs', (SELECT json_group_array(json_object('side', side, 'machines', machines, 'run', kind, 'cpu_seconds', round(cpu, 4),
                                               'machine_list_cpu_seconds', round(list, 4),
                                               'wall_seconds', round(wall, 3), 'peak_mib', round(peak, 1),
                                               'simulator_cpu_seconds', round(simulator, 3),
                                               'requests', requests, 'rows', rows, 'sent', sent))
           FROM (SELECT * FROM typical ORDER BY machines, instr('full latency changed quiet', kind), side)),
  'phases', (SELECT json_group_array(json_object('side', side, 'machines', machines, 'phase', phase,
                                                 'cpu_seconds', round(cpu, 4), 'requests', requests, 'rows', rows)) FROM phase),
  'commands', (SELECT json_group_array(json_object('side', side, 'machines', machines, 'command', name,
                                                   'cpu_seconds', round(cpu, 4), 'wall_seconds', round(wall, 4),
                                                   'peak_mib', round(peak, 1))) FROM command_cost),
  'states', (SELECT json_group_array(json_object('side', side, 'machines', machines, 'file_bytes', file_bytes,
                                                 'raw_bytes', raw_bytes)) FROM state),
  'staging', (SELECT json_group_array(json_object('side', side, 'name', name, 'rows', rows, 'bytes', bytes,
                                                  'floor_seconds', floor, 'our_seconds', ours)) FROM staged)) AS json
FROM setup s;

-- A line of tests/bench/history.jsonl.
CREATE TEMP VIEW history_line AS
SELECT json_object('version', 1, 'commit', s.commit_name, 'date', s.at, 'cores', s.cores, 'cpu', s.cpu,
                   'machines', (SELECT json_group_object(role, machines) FROM size WHERE role IN ('small', 'large')),
                   'figures', (SELECT json_group_object(name, round(value, 4)) FROM wanted)) AS json
FROM setup s;
