-- What fetch asks the mirror before it asks Defender, and how staged rows go in.
-- statement: run
INSERT INTO stage.run (run_id, mode, reason, now, tenant, source, identity_model, network_source, program, report, car_fields,
                       account_key, scope, derivation, builds_on)
VALUES (:run_id, :mode, :reason, :now, :tenant, :source, :identity_model, :network_source, :program, :report,
        :car_fields, :account_key, :scope,
        (SELECT value FROM setting WHERE name = 'derivation'),
        coalesce((SELECT value FROM setting WHERE name = 'digest'), ''))
-- statement: set_clock
UPDATE stage.run SET now = :now, clock_agreed = :clock_agreed, report = :report
-- statement: clock_is_guessed
-- No clock is believed, and none ever was.
SELECT count(*) FROM stage.run
WHERE NOT clock_agreed AND NOT EXISTS (SELECT 1 FROM main.run WHERE clock_at IS NOT NULL)
-- statement: set_mode
UPDATE stage.run SET mode = :mode, reason = :reason
-- statement: set_network_source
UPDATE stage.run SET network_source = :network_source
-- statement: begin_dataset
INSERT INTO stage.dataset (name, state, whole, since) VALUES (:name, 'incomplete', :whole, :since)
ON CONFLICT DO UPDATE SET state = excluded.state, whole = excluded.whole, since = excluded.since, problem = NULL,
  cursor_stays = 0, records = NULL, not_understood = 0
-- statement: dataset_state
UPDATE stage.dataset SET state = :state, problem = :problem WHERE name = :name
-- statement: problem
SELECT problem FROM stage.dataset WHERE name = :name
-- statement: is_whole
SELECT whole FROM stage.dataset WHERE name = :name
-- statement: rest_by_age
-- What may wait, the one first that was complete longest ago.
SELECT r.column1 FROM (VALUES ('users', 1), ('vulnerabilities', 2)) r LEFT JOIN cursor c ON c.name = r.column1
ORDER BY c.at, r.column2
-- statement: not_understood
-- What it was first waits in `problem` for the reading's end.
UPDATE stage.dataset SET not_understood = not_understood + :count, problem = coalesce(problem, :what) WHERE name = :name
-- statement: not_understood_in
SELECT not_understood, coalesce(problem, '') FROM stage.dataset WHERE name = :name
-- statement: keep_cursor
UPDATE stage.dataset SET cursor_stays = 1 WHERE name = :name
-- statement: datasets
SELECT name, state, coalesce(problem, ''), whole, not_understood, duplicates FROM stage.dataset ORDER BY name
-- statement: cursor
SELECT at FROM cursor WHERE name = :name
-- statement: window
-- Where a window begins: the cursor less an overlap of hours, in whole seconds as OData and KQL take it. A cursor ahead of
-- Defender's clock (:clock_known) was set by a wrong one: how far back it should lie nobody knows, so it is none.
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', at, '-' || :hours || ' hours') FROM cursor
WHERE name = :name
  AND (NOT :clock_known OR at <= strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '+5 minutes'))
-- statement: days_ago
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', (SELECT now FROM stage.run), '-' || :days || ' days')
-- statement: machine_id_forms
-- Nearly always none: ids under which CAR has had assets since before case made no difference.
SELECT id, known FROM machine_id_form
-- statement: machine
-- A list that is read twice tells nothing the second time, but for what has changed.
INSERT INTO stage.MachineInfo
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, NULL, ?15, ?16, ?17, ?18
WHERE NOT EXISTS (
  SELECT 1 FROM stage.MachineInfo s
  WHERE s.id = ?1
    AND (s.computerDnsName, s.osPlatform, s.healthStatus, s.firstSeen, s.lastSeen, s.lastIpAddress, s.lastExternalIpAddress,
         s.ipAddresses, s.onboardingStatus, s.version, s.riskScore, s.exposureLevel, s.rbacGroupName,
         s.deviceValue, s.machineTags, s.isExcluded, s.mergedIntoMachineId)
     IS (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18))
-- statement: machine_news
-- Of a window: most of the 24 hours' overlap says what the mirror has word for word, cut as merge cuts it. Such a row tells
-- nothing, so it does not even reach the stage, unless another record of the machine is there, beside which it counts, or the
-- mirror's time was ahead of Defender's clock and so outweighs no other. (The plus signs: 5 is not '5'. Asked before the
-- insert: one that reads its own table prepares for rows that nearly never come.)
SELECT NOT EXISTS (
  SELECT 1 FROM main.MachineInfo m
  WHERE m.id = ?1 AND typeof(?1) = 'text' AND NOT m.ahead
    AND NOT EXISTS (SELECT 1 FROM stage.MachineInfo s WHERE s.id = ?1)
    AND (+m.computerDnsName, +m.osPlatform, +m.healthStatus, +m.lastIpAddress, +m.lastExternalIpAddress, +m.ipAddresses)
     IS (?2, ?3, ?4, ?7, ?8, coalesce(?9, '[]'))
    AND (m.lastSeen IS strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN ?6 GLOB '*[+-]??:??' THEN ?6
                                                           ELSE substr(rtrim(?6, 'Z'), 1, 23) END)
         OR m.lastSeen IS NULL AND ?6 < '1970-01-01')  -- no time, as phase/08_nothing.sql says
    AND m.firstSeen IS strftime('%Y-%m-%dT%H:%M:%fZ', CASE typeof(?5) WHEN 'text' THEN ?5 END)
    AND (m.onboardingStatus, m.version, m.riskScore, m.exposureLevel, m.rbacGroupName, m.deviceValue)
     IS (CAST(?10 AS TEXT), CAST(?11 AS TEXT), CAST(?12 AS TEXT), CAST(?13 AS TEXT), CAST(?14 AS TEXT), CAST(?15 AS TEXT))
    AND (m.machineTags, m.isExcluded, m.mergedIntoMachineId)
     IS (coalesce(?16, '[]'), ?17 IS 1, CASE length(?18) WHEN 40 THEN lower(?18) ELSE ?18 END))
-- statement: rows_read
-- The table holds the news alone.
UPDATE stage.dataset SET records = :records WHERE name = :name
-- statement: network
INSERT INTO stage.MachineNetworkInfo (DeviceId, NetworkAdapterName, MacAddress, Timestamp, IPAddresses, NetworkAdapterStatus)
VALUES (?, ?, ?, ?, ?, ?)
-- statement: network_news
-- Of a window, likewise: an adapter's row that the mirror has with these very addresses and this very time. (Most times are
-- cut without strftime, which costs as much as all the rest.)
INSERT INTO stage.MachineNetworkInfo (DeviceId, NetworkAdapterName, MacAddress, Timestamp, IPAddresses, NetworkAdapterStatus)
SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE NOT EXISTS (
  SELECT 1 FROM main.MachineNetworkInfo n
  WHERE n.DeviceId = ?1 AND n.NetworkAdapterName = coalesce(?2, '') AND n.MacAddress = coalesce(?3, '')
    AND typeof(?1) = 'text' AND typeof(?2) IN ('text', 'null') AND typeof(?3) IN ('text', 'null') AND typeof(?4) = 'text'
    AND (n.Timestamp = substr(?4, 1, 23) || 'Z' AND substr(?4, -1) = 'Z'
         OR n.Timestamp IS strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN ?4 GLOB '*[+-]??:??' THEN ?4
                                                               ELSE substr(rtrim(?4, 'Z'), 1, 23) END))
    AND +n.NetworkAdapterStatus IS ?6
    AND +n.IPAddresses IS CASE WHEN ?5 IS NULL OR ?5 IN ('', 'null') THEN '[]' ELSE ?5 END)
-- statement: alert
-- Likewise: a list is read twice where it has several pages.
INSERT INTO stage.Alerts
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL
WHERE NOT EXISTS (
  SELECT 1 FROM stage.Alerts s
  WHERE s.id = ?1
    AND (s.machineId, s.title, s.description, s.severity, s.status, s.alertCreationTime, s.firstEventTime, s.lastUpdateTime,
         s.resolvedTime) IS (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))
-- statement: forget_alerts
DELETE FROM stage.Alerts
-- statement: user
INSERT INTO stage.LogonUsers (machineId, accountName, accountDomain, accountSid) VALUES (?, ?, ?, ?)
-- statement: device_info
INSERT INTO stage.DeviceInfo VALUES (?, ?, ?, NULL)
-- statement: software
INSERT INTO stage.SoftwareVulnerabilities (DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId)
VALUES (?, ?, ?, ?, ?)
-- statement: scored_software
-- Of the export, whose rows have a score of their own.
INSERT INTO stage.SoftwareVulnerabilities (DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId, CvssScore)
VALUES (?, ?, ?, ?, ?, ?)
-- statement: software_change
INSERT INTO stage.SoftwareVulnerabilityChanges
  (DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId, rbacGroupName, status, eventTimestamp, CvssScore)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
-- statement: forget_software
DELETE FROM stage.SoftwareVulnerabilities
-- statement: forget_software_reading
DELETE FROM stage.software_reading
-- statement: forget_changes
DELETE FROM stage.SoftwareVulnerabilityChanges
-- statement: knowledge
INSERT INTO stage.VulnerabilityKb VALUES (?, ?, ?, ?, ?, NULL)
-- statement: knowledge_of_ours
-- Of a list of all CVEs there are (schema/fetch/10_our_cves.sql).
INSERT INTO stage.VulnerabilityKb
SELECT ?1, ?2, ?3, ?4, ?5, NULL WHERE typeof(?1) <> 'text' OR EXISTS (SELECT 1 FROM temp.our_cve WHERE CveId = ?1)
-- statement: gone
INSERT OR IGNORE INTO stage.gone_machine VALUES (:id)
-- statement: is_recent
-- Whether the window that the next run will read reaches back to all but the last hour of this one.
SELECT julianday(:since) >= julianday((SELECT now FROM stage.run), '-' || (:hours + 1) || ' hours') AND :hours >= 1
-- statement: staged_alerts
SELECT count(*) FROM stage.Alerts
-- statement: is_staged
SELECT count(*) FROM stage.MachineInfo WHERE id = :id
-- statement: missing_assets
SELECT v.key FROM asset a JOIN vertex v ON v.vertex_id = a.vertex_id
WHERE v.key NOT IN (SELECT id FROM stage.MachineInfo WHERE typeof(id) = 'text')
  AND NOT EXISTS (SELECT 1 FROM refusal f CROSS JOIN stage.run r  -- it is not their turn to be asked
                  WHERE f.question = 'machine' AND f.subject = v.key AND f.next_at > r.now
                    AND f.next_at <= strftime('%Y-%m-%dT%H:%M:%fZ', r.now, '+1 day'))
ORDER BY v.key
-- statement: refusing_machines
-- Assets that a full list no longer named, and that Defender refused to tell of by id: whose turn it is to be asked again.
-- (A time further ahead than the longest wait was written by a wrong clock.)
SELECT f.subject FROM refusal f CROSS JOIN stage.run r
WHERE f.question = 'machine'
  AND NOT (f.next_at > r.now AND f.next_at <= strftime('%Y-%m-%dT%H:%M:%fZ', r.now, '+1 day'))
ORDER BY f.subject
-- statement: refusing
SELECT subject FROM refusal WHERE question = :question
-- statement: refused_again
-- What refuses is asked again at the next run, then after 1, 2, 4, 8, 16 hours, then once a day.
INSERT INTO refusal
SELECT :question, :subject, 1, now, now, :problem FROM stage.run
WHERE true
ON CONFLICT DO UPDATE SET times = times + 1, at = excluded.at, problem = excluded.problem,
  next_at = strftime('%Y-%m-%dT%H:%M:%fZ', excluded.at, '+' || min(24, 1 << min(times - 1, 5)) || ' hours')
-- statement: machines_refused_no_more
-- Those that are listed again, or are no assets any longer.
DELETE FROM refusal
WHERE question = 'machine'
  AND (subject IN (SELECT id FROM stage.MachineInfo WHERE typeof(id) = 'text')
       OR subject IN (SELECT id FROM stage.gone_machine)
       OR NOT EXISTS (SELECT 1 FROM vertex v CROSS JOIN asset a ON a.vertex_id = v.vertex_id
                      WHERE v.collection = 'asset' AND v.key = subject))
-- statement: note_refused_machines
INSERT OR IGNORE INTO stage.refused_machine SELECT subject FROM refusal WHERE question = 'machine'
-- statement: refusals
SELECT count(*), coalesce(min(subject), ''),
       coalesce((SELECT problem FROM refusal WHERE question = :question ORDER BY subject LIMIT 1), '')
FROM refusal WHERE question = :question
-- statement: users_due
-- Machines whose users are to be read: all of a full import; else those seen since the last reading of theirs (a record
-- older than the mirror's shows no such thing), and those
-- whose last reading failed (usersReadAt is the lastSeen at which users were last read). Inactive-15 ones are no assets, nor
-- are those whose id will be set aside (phase/10_accept.sql). Where not all can be asked, those come first that never were,
-- then those that wait longest.
SELECT s.id, coalesce(u.at, m.usersReadAt)
FROM stage.MachineInfo s LEFT JOIN MachineInfo m ON m.id = s.id LEFT JOIN users_unanswered u ON u.machine = s.id
WHERE typeof(s.id) = 'text' AND s.id <> ''
  AND length(CAST(s.id AS BLOB)) <= 200 AND NOT instr(s.id, char(0)) AND NOT instr(s.id, ',')
  AND (:whole OR m.id IS NULL OR m.usersReadAt IS NULL
       OR m.usersReadAt IS NOT max(coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN typeof(s.lastSeen) <> 'text' THEN NULL WHEN s.lastSeen GLOB '*[+-]??:??' THEN s.lastSeen
                                                                   ELSE substr(rtrim(s.lastSeen, 'Z'), 1, 23) END),
                                            m.lastSeen), CASE WHEN m.ahead THEN '' ELSE coalesce(m.lastSeen, '') END))
  AND NOT (s.healthStatus IS 'Inactive' AND typeof(s.lastSeen) = 'text'
           AND coalesce(julianday(s.lastSeen) <= julianday((SELECT now FROM stage.run), '-15 days'), 0))
UNION
SELECT m.id, coalesce(u.at, m.usersReadAt)
FROM (SELECT id, healthStatus, lastSeen, usersReadAt FROM MachineInfo WHERE :whole
      UNION
      SELECT id, healthStatus, lastSeen, usersReadAt FROM MachineInfo INDEXED BY machine_by_unread_users
      WHERE usersReadAt IS NOT lastSeen) m
LEFT JOIN users_unanswered u ON u.machine = m.id
WHERE m.id NOT IN (SELECT id FROM stage.MachineInfo WHERE typeof(id) = 'text')
  AND m.id NOT IN (SELECT id FROM stage.gone_machine)
  AND NOT (m.healthStatus IS 'Inactive' AND m.lastSeen <= strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-15 days'))
ORDER BY 2, 1
-- statement: ask_users
INSERT INTO stage.users_reading (machineId, source, state) VALUES (:machine, :source, 'asked')
ON CONFLICT DO UPDATE SET source = excluded.source, state = excluded.state, not_understood = 0
-- statement: users_state
UPDATE stage.users_reading SET state = :state, problem = :problem WHERE machineId = :machine
-- statement: users_not_understood
UPDATE stage.users_reading SET not_understood = not_understood + :count WHERE machineId = :machine
-- statement: hunted_users_not_understood
-- Whose they were is not known: nobody's users are removed by that answer.
UPDATE stage.users_reading SET not_understood = not_understood + :count WHERE source = 'hunting'
-- statement: users_by_hunting
-- Hunting answered for these; who it does not know is asked by the API.
UPDATE stage.users_reading SET state = 'read'
WHERE source = 'hunting' AND machineId IN (SELECT DeviceId FROM stage.DeviceInfo WHERE typeof(DeviceId) = 'text')
-- statement: users_forget_known
-- Hunting has not heard of these for 30 days, and their users were read when they were last seen: that stands, and a full
-- import does not ask a machine after the other again.
DELETE FROM stage.users_reading
WHERE state = 'asked' AND source = 'hunting' AND machineId IN (
  SELECT m.id FROM MachineInfo m LEFT JOIN stage.MachineInfo s ON s.id = m.id
  WHERE m.usersReadAt IS NOT NULL
    AND m.usersReadAt IS max(coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN typeof(s.lastSeen) <> 'text' THEN NULL WHEN s.lastSeen GLOB '*[+-]??:??' THEN s.lastSeen
                                                                      ELSE substr(rtrim(s.lastSeen, 'Z'), 1, 23) END),
                                      m.lastSeen), CASE WHEN m.ahead THEN '' ELSE coalesce(m.lastSeen, '') END))
-- statement: users_refuse_still
-- Refused when they were asked last, and it is not their turn yet: that stands.
UPDATE stage.users_reading
SET state = 'refused', problem = (SELECT f.problem FROM refusal f WHERE f.question = 'users' AND f.subject = machineId)
WHERE state = 'asked' AND machineId IN (
  SELECT f.subject FROM refusal f CROSS JOIN stage.run r
  WHERE f.question = 'users' AND f.next_at > r.now
    AND f.next_at <= strftime('%Y-%m-%dT%H:%M:%fZ', r.now, '+1 day'))
-- statement: users_left
-- Those that refused before come last, where they keep nobody waiting.
SELECT r.machineId
FROM stage.users_reading r LEFT JOIN MachineInfo m ON m.id = r.machineId LEFT JOIN users_unanswered u ON u.machine = r.machineId
LEFT JOIN refusal f ON f.question = 'users' AND f.subject = r.machineId
WHERE r.state = 'asked'
ORDER BY f.subject IS NOT NULL, coalesce(u.at, m.usersReadAt), r.machineId
-- statement: users_refused_first
-- By machines that told theirs so far, or were never asked.
SELECT count(*) FROM stage.users_reading
WHERE state = 'refused' AND machineId NOT IN (SELECT subject FROM refusal WHERE question = 'users')
-- statement: users_control
-- One that told its users before: does it still, where all that were asked refuse?
SELECT id FROM MachineInfo m
WHERE usersReadAt IS NOT NULL AND id NOT IN (SELECT machineId FROM stage.users_reading)
  AND id NOT IN (SELECT id FROM stage.gone_machine)
  AND id NOT IN (SELECT subject FROM refusal WHERE question = 'users')
LIMIT 1
-- statement: users_refusals_are_few
-- At most 3 that refused for the first time, or 1 % of those asked; and of all that refuse at most 3, or 1 % of all there
-- are. More are the service's failure.
WITH refused (first, all_of_them) AS (
  SELECT (SELECT count(*) FROM stage.users_reading
          WHERE state = 'refused' AND machineId NOT IN (SELECT subject FROM refusal WHERE question = 'users')),
         (SELECT count(*) FROM (SELECT machineId FROM stage.users_reading WHERE state = 'refused'
                                UNION SELECT subject FROM refusal WHERE question = 'users'
                                EXCEPT SELECT machineId FROM stage.users_reading WHERE state = 'read' OR state = 'absent')))
SELECT CASE WHEN first > 3 AND first * 100 > :asked THEN 0
            WHEN all_of_them <= 3 OR all_of_them * 100 <= :asked THEN 1
            ELSE all_of_them * 100 <= (SELECT count(*) FROM MachineInfo) END
FROM refused
-- statement: users_refusals_fail
-- Too many, or nobody answered at all: then it is not these machines' own doing.
UPDATE stage.users_reading SET state = 'failed'
WHERE state = 'refused' AND machineId NOT IN (SELECT subject FROM refusal WHERE question = 'users')
-- statement: users_refused
-- In this run, not before.
SELECT s.machineId, s.problem FROM stage.users_reading s CROSS JOIN stage.run r
WHERE s.state = 'refused' AND NOT EXISTS (
  SELECT 1 FROM refusal f
  WHERE f.question = 'users' AND f.subject = s.machineId AND f.next_at > r.now
    AND f.next_at <= strftime('%Y-%m-%dT%H:%M:%fZ', r.now, '+1 day'))
-- statement: users_refused_no_more
DELETE FROM refusal
WHERE question = 'users'
  AND (subject IN (SELECT machineId FROM stage.users_reading WHERE state = 'read' OR state = 'absent')
       OR subject IN (SELECT id FROM stage.gone_machine))
-- statement: users_unanswered
INSERT INTO users_unanswered
SELECT machineId, (SELECT now FROM stage.run), state FROM stage.users_reading WHERE state IN ('absent', 'failed')
ON CONFLICT DO UPDATE SET at = excluded.at, state = excluded.state
-- statement: users_still_absent
-- Not asked this time, and 404 when it was last: that stands, or more of them than a run asks would keep every run
-- incomplete. By turns they are asked again.
UPDATE stage.users_reading SET state = 'absent'
WHERE state = 'asked' AND machineId IN (SELECT machine FROM users_unanswered WHERE state = 'absent')
-- statement: users_still_refusing
-- Not asked this time, as nothing answered any more before their turn: the same.
UPDATE stage.users_reading SET state = 'refused'
WHERE state = 'asked' AND machineId IN (SELECT subject FROM refusal WHERE question = 'users')
-- statement: users_answered
DELETE FROM users_unanswered
WHERE machine IN (SELECT machineId FROM stage.users_reading WHERE state = 'read') OR machine IN (SELECT id FROM stage.gone_machine)
-- statement: users_not_asked
SELECT count(*) FROM stage.users_reading WHERE state = 'asked'
-- statement: users_give_up
UPDATE stage.users_reading SET state = 'failed' WHERE state = 'asked'
-- statement: users_forget_hunted
-- Hunting could not tell all of it: the API is asked in its place.
DELETE FROM stage.LogonUsers
-- statement: users_forget_devices
DELETE FROM stage.DeviceInfo
-- statement: users_forget_left
-- Of these hunting has logons, but no row of the device: no whole reading. (One without a machine is set aside later.)
DELETE FROM stage.LogonUsers
WHERE typeof(machineId) = 'text' AND machineId <> '' AND machineId NOT IN (SELECT machineId FROM stage.users_reading WHERE state = 'read')
-- statement: users_unread
-- Failed or not understood now, and never read before: a gap, as opposed to users that are known from the mirror.
SELECT count(*) FROM stage.users_reading r LEFT JOIN MachineInfo m ON m.id = r.machineId
WHERE (r.state = 'failed' OR r.not_understood > 0) AND m.usersReadAt IS NULL
  AND NOT EXISTS (SELECT 1 FROM LogonUsers u WHERE u.machineId = r.machineId)
-- statement: users_failed
SELECT count(*), min(machineId) FROM stage.users_reading WHERE state IN ('failed', 'asked')
-- statement: network_rows
SELECT count(*) FROM MachineNetworkInfo
-- statement: user_rows
SELECT count(*) FROM LogonUsers
-- statement: has_software_rows
-- Asked at every run, of a table of the fleet's size: it is enough to know whether there are so many.
SELECT EXISTS (SELECT 1 FROM machine_software LIMIT 1 OFFSET :rows - 1)
-- statement: software_rows
SELECT count(*) FROM machine_software
-- statement: software_whole_is_due
-- All of them at least every four hours, by Defender's clock; a time ahead of it says nothing.
SELECT NOT EXISTS (SELECT 1 FROM cursor WHERE name = 'vulnerabilities_whole'
                   AND at > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-4 hours')
                   AND at <= strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '+5 minutes'))
-- statement: changes_since
-- Where the export's delta begins: at the last reading that it builds on, less six hours. For that reading saw the last
-- assessment, which is up to six hours old, and what happened since then comes with times before the reading. Nothing, so
-- that all is read: no such reading, or a guard held it; a cursor ahead of Defender's clock; no whole reading for 7 days, as
-- Microsoft advises, which also keeps clear of the 14 days that a delta reaches back.
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', c.at, '-6 hours')
FROM cursor c
WHERE c.name = 'vulnerability_changes'
  AND c.at <= strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '+5 minutes')
  AND EXISTS (SELECT 1 FROM cursor WHERE name = 'vulnerabilities')
  AND EXISTS (SELECT 1 FROM cursor WHERE name = 'vulnerabilities_whole'
              AND at > strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT now FROM stage.run), '-7 days'))
-- statement: software_due
-- Machines seen since, and those whose software removals were held back.
SELECT s.id FROM stage.MachineInfo s LEFT JOIN MachineInfo m ON m.id = s.id
WHERE typeof(s.id) = 'text' AND s.healthStatus IS NOT 'Inactive'
  AND (m.id IS NULL OR m.lastSeen IS NOT max(strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN typeof(s.lastSeen) <> 'text' THEN NULL WHEN s.lastSeen GLOB '*[+-]??:??' THEN s.lastSeen
                                                                   ELSE substr(rtrim(s.lastSeen, 'Z'), 1, 23) END),
                                           CASE WHEN m.ahead THEN '' ELSE coalesce(m.lastSeen, '') END))
UNION
SELECT machine FROM due WHERE aspect IN ('software', 'all')
-- statement: ask_software
INSERT OR IGNORE INTO stage.software_reading VALUES (:machine)
-- statement: unknown_cves
-- A whole reading asks for all entries that we hold as well: the windows after it rely on them, also where the software
-- was not read whole in this run.
SELECT CveId FROM (SELECT CveId FROM stage.SoftwareVulnerabilities
                   UNION SELECT CveId FROM stage.SoftwareVulnerabilityChanges)
WHERE typeof(CveId) = 'text' AND CveId <> ''
  AND (:whole OR CveId NOT IN (SELECT CveId FROM VulnerabilityKb))
  AND CveId NOT IN (SELECT f.subject FROM refusal f CROSS JOIN stage.run r  -- it is not their turn to be asked
                    WHERE f.question = 'cve' AND f.next_at > r.now
                      AND f.next_at <= strftime('%Y-%m-%dT%H:%M:%fZ', r.now, '+1 day'))
UNION
SELECT CveId FROM VulnerabilityKb WHERE :whole
ORDER BY CveId
-- statement: cves_not_listed
SELECT CveId FROM temp.our_cve
WHERE CveId NOT IN (SELECT CveId FROM stage.VulnerabilityKb WHERE typeof(CveId) = 'text')
ORDER BY CveId
-- statement: cves_refused_no_more
DELETE FROM refusal
WHERE question = 'cve' AND subject IN (SELECT CveId FROM stage.VulnerabilityKb WHERE typeof(CveId) = 'text')
-- statement: drop_strange_knowledge
-- A window on LastModifiedTime brings CVEs that no machine of ours has. (Where only changes of the software were read, one
-- that nothing was known of so far is in the mirror alone.)
DELETE FROM stage.VulnerabilityKb
WHERE CveId NOT IN (SELECT CveId FROM VulnerabilityKb)
  AND CveId NOT IN (SELECT CveId FROM stage.SoftwareVulnerabilities WHERE typeof(CveId) = 'text')
  AND CveId NOT IN (SELECT CveId FROM stage.SoftwareVulnerabilityChanges WHERE typeof(CveId) = 'text')
  AND NOT EXISTS (SELECT 1 FROM SoftwareVulnerabilities s WHERE s.CveId = stage.VulnerabilityKb.CveId)
-- statement: empty_readings
-- Readings of everything that came back empty where rows are known: what a guard looks at.
SELECT d.name,
       CASE d.name WHEN 'machines' THEN (SELECT count(*) FROM asset)
                   WHEN 'network' THEN (SELECT count(*) FROM MachineNetworkInfo)
                   WHEN 'alerts' THEN (SELECT count(*) FROM Alerts WHERE status IS NOT 'Resolved')
                   WHEN 'vulnerabilities' THEN (SELECT count(*) FROM machine_software)
                   WHEN 'knowledge_base' THEN (SELECT count(*) FROM VulnerabilityKb) END AS known
FROM stage.dataset d
WHERE d.whole AND d.state = 'complete' AND known > 0
  AND CASE d.name WHEN 'machines' THEN NOT EXISTS (SELECT 1 FROM stage.MachineInfo)
                  WHEN 'network' THEN NOT EXISTS (SELECT 1 FROM stage.MachineNetworkInfo)
                  WHEN 'alerts' THEN NOT EXISTS (SELECT 1 FROM stage.Alerts)
                  WHEN 'vulnerabilities' THEN NOT EXISTS (SELECT 1 FROM stage.SoftwareVulnerabilities)
                  WHEN 'knowledge_base' THEN NOT EXISTS (SELECT 1 FROM stage.VulnerabilityKb)
                    AND EXISTS (SELECT 1 FROM stage.SoftwareVulnerabilities WHERE CveId <> '')
      END
-- statement: unread_datasets
-- Needed, and neither read now nor ever before.
-- (What was not understood was not read.)
SELECT count(*) FROM stage.dataset d
WHERE (d.state IN ('incomplete', 'held') OR d.not_understood > 0) AND d.name NOT IN ('users', 'knowledge_base')
  AND d.name NOT IN (SELECT name FROM cursor)
-- statement: all_complete
SELECT NOT EXISTS (SELECT 1 FROM stage.dataset WHERE state IN ('incomplete', 'held') OR not_understood > 0)
-- statement: count_machines
SELECT coalesce((SELECT records FROM stage.dataset WHERE name = 'machines'), (SELECT count(*) FROM stage.MachineInfo))
-- statement: count_network
SELECT coalesce((SELECT records FROM stage.dataset WHERE name = 'network'), (SELECT count(*) FROM stage.MachineNetworkInfo))
-- statement: count_users
SELECT coalesce((SELECT records FROM stage.dataset WHERE name = 'users'), (SELECT count(*) FROM stage.LogonUsers))
-- statement: count_alerts
SELECT coalesce((SELECT records FROM stage.dataset WHERE name = 'alerts'), (SELECT count(*) FROM stage.Alerts))
-- statement: count_vulnerabilities
SELECT coalesce((SELECT records FROM stage.dataset WHERE name = 'vulnerabilities'),
                (SELECT count(*) FROM stage.SoftwareVulnerabilities) + (SELECT count(*) FROM stage.SoftwareVulnerabilityChanges))
-- statement: count_knowledge_base
SELECT coalesce((SELECT records FROM stage.dataset WHERE name = 'knowledge_base'), (SELECT count(*) FROM stage.VulnerabilityKb))
-- statement: move_cursors
-- Where the full machine list lacks assets that may not go, the other readings lack theirs too: their next windows begin
-- where these began. No window moves on by a clock that nobody confirms.
INSERT INTO cursor
SELECT name, (SELECT now FROM stage.run), (SELECT run_id FROM stage.run) FROM stage.dataset
WHERE state = 'complete' AND NOT cursor_stays
  AND (SELECT clock_agreed FROM stage.run)
  AND NOT EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'machines' AND state = 'held' AND whole)
UNION ALL
SELECT 'vulnerabilities_whole', (SELECT now FROM stage.run), (SELECT run_id FROM stage.run) FROM stage.dataset
WHERE name = 'vulnerabilities' AND state = 'complete' AND whole AND not_understood = 0
  AND (SELECT clock_agreed FROM stage.run)
  AND NOT EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'machines' AND state = 'held' AND whole)
UNION ALL
SELECT 'vulnerability_changes', (SELECT now FROM stage.run), (SELECT run_id FROM stage.run) FROM stage.dataset
WHERE name = 'vulnerabilities' AND state = 'complete' AND NOT cursor_stays AND (whole OR since IS NOT NULL)
  AND (SELECT clock_agreed FROM stage.run)
  AND NOT EXISTS (SELECT 1 FROM stage.dataset WHERE name = 'machines' AND state = 'held' AND whole)
ON CONFLICT DO UPDATE SET at = excluded.at, run_id = excluded.run_id
-- statement: make_durable
-- The stage was written without waiting for the disk; from here on it is a snapshot.
PRAGMA stage.synchronous = FULL
-- statement: wait_for_disk
-- The pragma alone syncs nothing, and a derivation that leaves the stage as it is does neither. This commit does, and
-- with it goes all that was written before.
UPDATE stage.run SET run_id = run_id
