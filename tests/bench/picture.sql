-- docs/cost.svg: CPU against the size of the fleet, both by powers of ten. Reads build/bench.json (or a document like it) from
-- the file named by the parameter :file and prints the SVG. The picture paints its own ground, so that it can be read on any
-- page; its colours follow the reader's scheme.

-- Of this tree, at the sizes asked for. `less`: without the machine list, dashed; a full import needs it all.
CREATE TEMP TABLE point AS
WITH run AS (
  SELECT value ->> 'run' AS kind, value ->> 'machines' AS machines, value ->> 'cpu_seconds' AS cpu,
         value ->> 'machine_list_cpu_seconds' AS list
  FROM json_each(readfile(:file), '$.runs')
  WHERE value ->> 'side' = 'here' AND value ->> 'run' IN ('full', 'changed', 'quiet')
    AND value ->> 'machines' IN (SELECT value FROM json_each(readfile(:file), '$.sizes')))
SELECT kind, 'whole' AS part, machines, cpu AS seconds FROM run
UNION ALL SELECT kind, 'less', machines, max(cpu - list, 0.001) FROM run WHERE kind <> 'full';

-- The frame: whole powers of ten around the points, in a plot of 450 by 360.
CREATE TEMP TABLE frame AS
SELECT floor(log10(min(machines))) AS x0, ceil(log10(max(machines))) AS x1,
       floor(log10(min(seconds))) AS y0, ceil(log10(max(seconds))) AS y1, 80.0 AS "left", 64.0 AS top, 450.0 AS width, 360.0 AS height
FROM point;

CREATE TEMP VIEW place AS
SELECT kind, part, machines, seconds,
       "left" + width * (log10(machines) - x0) / (x1 - x0) AS x,
       top + height * (y1 - log10(seconds)) / (y1 - y0) AS y
FROM point, frame;

CREATE TEMP VIEW tick AS
WITH RECURSIVE power (n) AS (SELECT -6 UNION ALL SELECT n + 1 FROM power WHERE n < 9)
SELECT 'x' AS axis, n, "left" + width * (n - x0) / (x1 - x0) AS at, printf('%,d', pow(10, n)) AS text
FROM power, frame WHERE n BETWEEN x0 AND x1
UNION ALL
SELECT 'y', n, top + height * (y1 - n) / (y1 - y0),
       CASE WHEN n < 0 THEN printf('%g ms', pow(10, n + 3)) ELSE printf('%,d s', pow(10, n)) END
FROM power, frame WHERE n BETWEEN y0 AND y1;

-- Each line has its name at its right end; names that would meet are moved apart, from the top down.
CREATE TEMP TABLE label AS
WITH RECURSIVE
  ends AS (SELECT kind, part, max(machines), x, y, row_number() OVER (ORDER BY y) AS n
           FROM (SELECT kind, part, machines, x, y, row_number() OVER (PARTITION BY kind, part ORDER BY machines DESC) AS last
                 FROM place) WHERE last = 1 GROUP BY kind, part),
  spread (n, at) AS (SELECT 1, (SELECT y FROM ends WHERE n = 1)
                     UNION ALL
                     SELECT s.n + 1, max(e.y, s.at + 17) FROM spread s JOIN ends e ON e.n = s.n + 1)
SELECT kind, part, x + 12 AS x, at + 4 AS y,
       CASE kind WHEN 'full' THEN 'full import' WHEN 'quiet' THEN 'no change'
                 ELSE printf('%,d changes', json_extract(readfile(:file), '$.changes')) END ||
       iif(part = 'less', ', less the list', '') AS text
FROM ends JOIN spread USING (n);

SELECT '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 500" role="img" aria-labelledby="title"
     font-family="system-ui, sans-serif" font-size="13">
<title id="title">CPU of a run against the number of devices, both axes logarithmic</title>
<style>
  .ground { fill: #ffffff } .text { fill: #1f2328 } .soft { fill: #59636e } .grid { stroke: #d1d9e0 }
  .full { --line: #0550ae } .changed { --line: #9a3412 } .quiet { --line: #1a7f37 }
  polyline { fill: none; stroke: var(--line); stroke-width: 2 } circle { fill: var(--line) } .name { fill: var(--line) }
  .less polyline { stroke-dasharray: 5 4 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .text { fill: #f0f6fc } .soft { fill: #9198a1 } .grid { stroke: #3d444d }
    .full { --line: #79c0ff } .changed { --line: #ffa657 } .quiet { --line: #56d364 }
  }
</style>
<rect class="ground" width="760" height="500" rx="8"/>
<text class="text" x="24" y="32" font-size="15" font-weight="600">CPU of one run, by size of the fleet</text>
<text class="soft" x="736" y="32" text-anchor="end">' ||
  replace(replace(json_extract(readfile(:file), '$.machine.cpu'), '&', '&amp;'), '<', '&lt;') || ', ' ||
  json_extract(readfile(:file), '$.machine.cores') || ' cores, ' || substr(json_extract(readfile(:file), '$.date'), 1, 10) || '</text>';

SELECT printf('<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>', at, top, at, top + height) ||
       printf('<text class="soft" x="%.1f" y="%.1f" text-anchor="middle">%s</text>', at, top + height + 22, text)
FROM tick, frame WHERE axis = 'x'
UNION ALL
SELECT printf('<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>', "left", at, "left" + width, at) ||
       printf('<text class="soft" x="%.1f" y="%.1f" text-anchor="end">%s</text>', "left" - 10, at + 4, text)
FROM tick, frame WHERE axis = 'y';

SELECT printf('<text class="text" x="%.1f" y="%.1f" text-anchor="middle">devices, with 10 software rows each</text>',
              "left" + width / 2, top + height + 52) FROM frame;

SELECT '<g class="' || kind || ' ' || part || '"><polyline points="' || group_concat(printf('%.1f,%.1f', x, y), ' ') || '"/>' ||
       group_concat(printf('<circle cx="%.1f" cy="%.1f" r="3.5"/>', x, y), '') ||
       (SELECT printf('<text class="name" x="%.1f" y="%.1f">%s</text>', l.x, l.y, l.text)
        FROM label l WHERE l.kind = p.kind AND l.part = p.part) || '</g>'
FROM (SELECT * FROM place ORDER BY machines) p GROUP BY kind, part;

SELECT '</svg>';
