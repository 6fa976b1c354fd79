-- Counted instructions against a baseline (tests/bench/instructions.sh, judge). The first line is the verdict: good, worse,
-- or other (other versions counted, or another fleet); the rest is for people.

CREATE TEMP TABLE compared AS
SELECT b.key AS run, b.value AS baseline, c.value AS counted, 1.0 * c.value / b.value AS ratio,
       coalesce(c.value <= b.value * :allowed, 0) AS good
FROM json_each(readfile(:baseline), '$.instructions') b
LEFT JOIN json_each(readfile(:counted), '$.instructions') c ON c.key = b.key AND c.type = 'integer';

-- All but the counts has to be equal.
CREATE TEMP TABLE differing AS
SELECT b.fullkey AS name, b.atom AS baseline, c.atom AS counted
FROM json_tree(readfile(:baseline)) b LEFT JOIN json_tree(readfile(:counted)) c ON c.fullkey = b.fullkey
WHERE b.atom IS NOT c.atom AND b.path <> '$.instructions';

SELECT CASE WHEN EXISTS (SELECT 1 FROM differing) THEN 'other'
            WHEN (SELECT min(good) FROM compared) THEN 'good' ELSE 'worse' END;

SELECT 'skipped: ' || replace(replace(substr(name, 3), '"', ''), 'made_with.', '') || ' is ' || coalesce(counted, 'nothing') ||
       ', and ' || baseline || ' in the baseline; renew it with scripts/bench --renew' FROM differing;

SELECT printf('%-6s %,d instructions, %.3f of the baseline''s', run, counted, ratio) ||
       CASE WHEN EXISTS (SELECT 1 FROM differing) THEN ''
            WHEN NOT good THEN printf(': more than %d %% above. Where that is meant, scripts/bench --renew', round((:allowed - 1) * 100))
            WHEN ratio < 2 - :allowed THEN ': much better. Keep it so: scripts/bench --renew' ELSE '' END
FROM compared;
