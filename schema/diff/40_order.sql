-- The order of the review: by the names of the machines, what is no machine's at the end.

DROP TABLE IF EXISTS temp.changed_machine;
CREATE TEMP TABLE changed_machine (machine TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO changed_machine
SELECT c.machine, coalesce((SELECT a.computerDnsName FROM after.MachineInfo a WHERE a.id = c.machine),
                           (SELECT b.computerDnsName FROM before.MachineInfo b WHERE b.id = c.machine), '')
FROM (SELECT DISTINCT machine FROM change) c;

-- Within a machine: Defender before the graph, kinds as they stand here.
DROP TABLE IF EXISTS temp.kind;
CREATE TEMP TABLE kind (place INTEGER PRIMARY KEY, part TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (part, name)) STRICT;
INSERT INTO kind (part, name) VALUES
  ('defender', 'machine'), ('defender', 'address'), ('defender', 'user'), ('defender', 'alert'), ('defender', 'software'),
  ('defender', 'vulnerability'), ('defender', 'knowledge_base'), ('graph', 'asset'), ('graph', 'alert'), ('graph', 'cve');
INSERT INTO kind (part, name)
SELECT DISTINCT part, kind FROM change WHERE true ORDER BY part, kind
ON CONFLICT DO NOTHING;
