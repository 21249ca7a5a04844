-- Statements in four parts; the first is for everybody, the others for some apps.
-- part: people
CREATE TABLE keys AS
SELECT rule::UTINYINT AS rule, key::label AS key, priority, strength::label AS strength
FROM (VALUES (0, 'employee_number', 1, 'strong'), (1, 'external_id', 2, 'strong'),
  (2, 'email', 3, 'strong'), (3, 'user_name', 4, 'strong'), (4, 'user_name', 4, 'weak'))
  AS k(rule, key, priority, strength);
CREATE TABLE records AS
WITH dated AS (
  SELECT * REPLACE (source::label AS source), source || ':' || person_id AS place,
    CASE WHEN hired_at > departed_at AND hired_at <= $now THEN NULL ELSE departed_at END AS gone_at
  FROM read_parquet($people)
), ranked AS (
  SELECT *, MIN(place) OVER same AS identity, CASE
    WHEN status = 'active' THEN 1 WHEN status = 'on_leave' THEN 2
    WHEN status = 'terminated' AND gone_at > $now THEN 3 WHEN status = 'pending' THEN 4
    WHEN status = 'unknown' THEN 5 WHEN gone_at IS NULL THEN 6 ELSE 7 END AS standing
  FROM dated WINDOW same AS (PARTITION BY employee_number_key, display_name_key)
)
SELECT *, ROW_NUMBER() OVER same = 1 AS governing,
  FIRST_VALUE(standing >= 6) OVER same AS departed, dense_rank() OVER (ORDER BY identity) AS person
FROM ranked WINDOW same AS (PARTITION BY identity
  ORDER BY standing, gone_at DESC NULLS LAST, hired_at DESC NULLS LAST, source, person_id);
CREATE TABLE persons AS
SELECT person, identity, source AS person_source, person_id, status, departed, gone_at,
  worker_type_key, department, gone_at IS NULL OR removal_due_at <= $now AS past_due,
  (epoch_us($now) - epoch_us(gone_at)) // 86400000000 AS days
FROM records WHERE governing;
CREATE TABLE words AS SELECT DISTINCT person, unnest(name_keys) AS word FROM records;
CREATE TABLE names AS
SELECT DISTINCT kind::UTINYINT AS kind, key_value, person, departed, source AS person_source,
  person_id
FROM (
  SELECT 0 AS kind, employee_number_key AS key_value, * FROM records
  UNION ALL SELECT 1, unnest([person_id_key, external_id_key, employee_number_key]), * FROM records
  UNION ALL SELECT 2, unnest(email_keys), * FROM records
  UNION ALL SELECT 2, user_name_address, * FROM records
  UNION ALL SELECT 4, user_name_key, * FROM records WHERE user_name_key NOT LIKE '%@%'
) WHERE key_value IS NOT NULL;
-- part: accounts
CREATE OR REPLACE TABLE accounts AS
SELECT source::label AS source, account_id, user_name, display_name, active, last_activity_at, privileged,
  employee_number_key, external_id_key, email_keys, user_name_key, user_name_address, name_keys
FROM read_parquet($accounts);
CREATE OR REPLACE TABLE claims AS
WITH named AS (
  SELECT source, account_id, k.rule, k.kind, CASE k.rule WHEN 0 THEN employee_number_key
    WHEN 1 THEN external_id_key WHEN 3 THEN user_name_address
    ELSE CASE WHEN user_name_key NOT LIKE '%@%' THEN user_name_key END END AS key_value
  FROM accounts CROSS JOIN (VALUES (0::UTINYINT, 0::UTINYINT), (1, 1), (3, 2), (4, 4))
    AS k(rule, kind)
  UNION ALL
  SELECT source, account_id, 2, 2, unnest(list_distinct(email_keys)) FROM accounts
)
SELECT a.source, a.account_id, a.rule, a.key_value, n.person_source, n.person_id, n.person,
  n.departed
FROM named AS a JOIN names AS n USING (kind, key_value);
CREATE OR REPLACE TABLE judged AS
WITH found AS (
  SELECT source, account_id, MIN(person) AS person, MIN(person) <> MAX(person) AS several,
    MIN(rule) AS rule, MIN(rule) = 4 AS weak, bool_or(rule IN (2, 3)) AS strong,
    bool_or(departed) AS departed
  FROM claims GROUP BY source, account_id
), shared AS (
  SELECT source, person FROM claims
  WHERE (source, person) IN (SELECT source, person FROM found WHERE weak)
  GROUP BY source, person HAVING COUNT(DISTINCT account_id) > 1
), agreeing AS (
  SELECT DISTINCT f.source, f.account_id
  FROM (SELECT f.source, f.account_id, f.person, unnest(a.name_keys) AS word FROM found AS f
        JOIN accounts AS a USING (source, account_id)
        WHERE NOT f.weak AND NOT f.strong AND f.departed) AS f
  JOIN words AS w USING (person, word)
), owners AS (
  SELECT f.*, CASE WHEN f.several THEN 'several_people'
    WHEN f.weak AND s.source IS NOT NULL THEN 'weak_key_shared'
    WHEN f.weak AND f.departed THEN 'weak_key'
    WHEN NOT f.weak AND NOT f.strong AND f.departed AND g.source IS NULL THEN 'name_contradicts'
    END AS problem
  FROM found AS f LEFT JOIN shared AS s USING (source, person)
  LEFT JOIN agreeing AS g USING (source, account_id)
)
SELECT a.source, a.account_id, CASE WHEN o.problem IS NOT NULL THEN 'disputed'
    WHEN o.source IS NULL THEN 'unmatched' ELSE 'linked' END AS situation,
  k.key AS matched_by, o.problem, a.active, a.user_name, a.display_name, a.last_activity_at, p.*
FROM accounts AS a
LEFT JOIN owners AS o USING (source, account_id)
LEFT JOIN keys AS k ON k.rule = o.rule AND o.problem IS NULL
LEFT JOIN persons AS p ON p.person = o.person AND o.problem IS NULL;
CREATE OR REPLACE TABLE owned AS
SELECT source AS app, * EXCLUDE (source) FROM judged WHERE situation = 'linked';
-- part: everybody
CREATE TABLE everybody AS
SELECT DISTINCT o.person FROM read_parquet($memberships) AS m
JOIN read_parquet($groups) AS g ON g.source = m.source AND g.group_id = m.group_id
JOIN owned AS o ON o.app = m.source::label AND o.account_id = m.member_id
WHERE m.source = 'app00' AND g.display_name = 'Everybody';
-- part: findings
CREATE OR REPLACE TABLE places AS
SELECT source::label AS app, group_id, display_name_key LIKE 'admins%' AS privileged, CASE
    WHEN display_name LIKE 'Department %' THEN 'rule'
    WHEN display_name = 'Everybody' AND source <> 'app00' THEN 'mirror' END AS basis,
  CASE WHEN display_name LIKE 'Department %' THEN substr(display_name, 12) END AS department
FROM read_parquet($groups);
CREATE OR REPLACE TABLE found AS
WITH members AS (
  SELECT source::label AS app, group_id, member_id AS account_id, via
  FROM read_parquet($memberships) WHERE member_type = 'User'
), privileged AS (
  SELECT source AS app, account_id FROM accounts WHERE privileged OR user_name_key LIKE 'svc-%1'
  UNION
  SELECT app, account_id FROM members JOIN places AS p USING (app, group_id) WHERE p.privileged
), actual AS (
  SELECT m.app, m.group_id, o.person, MIN(o.account_id) AS account_id, MIN(m.via) AS via
  FROM members AS m JOIN places AS g USING (app, group_id)
  JOIN owned AS o USING (app, account_id) WHERE g.basis IS NOT NULL AND NOT o.departed GROUP BY ALL
), expected AS (
  SELECT g.app, g.group_id, o.person,
    MIN(CASE WHEN o.status = 'active' AND o.active THEN o.account_id END) AS account_id
  FROM places AS g JOIN owned AS o ON o.app = g.app AND o.department = g.department
  GROUP BY ALL
  UNION ALL
  SELECT g.app, g.group_id, o.person,
    MIN(CASE WHEN o.status = 'active' AND o.active THEN o.account_id END)
  FROM places AS g JOIN owned AS o ON o.app = g.app JOIN everybody AS e USING (person)
  WHERE g.basis = 'mirror' GROUP BY ALL
), drift AS (
  SELECT COALESCE(m.app, e.app) AS app, COALESCE(m.account_id, e.account_id) AS account_id,
    COALESCE(m.group_id, e.group_id) AS group_id, COALESCE(m.person, e.person) AS person, m.via,
    CASE WHEN e.app IS NULL THEN 'unexpected' ELSE 'missing' END AS direction
  FROM expected AS e FULL JOIN actual AS m USING (app, group_id, person)
  WHERE e.app IS NULL OR (m.app IS NULL AND e.account_id IS NOT NULL)
)
SELECT f.* EXCLUDE (person, of_account) REPLACE (
    CASE WHEN of_account THEN pa.account_id IS NOT NULL ELSE f.privileged END AS privileged),
  p.person_source, p.person_id, CASE WHEN kind NOT IN ('dormant_account', 'group_drift')
    THEN p.days END AS days_since_departure
FROM (
  SELECT 'ghost_active' AS kind, app, account_id, person, NULL AS group_id, NULL AS direction,
    NULL AS basis, NULL AS problem, NULL AS via, NULL AS privileged, NULL AS earliest_at,
    NULL AS latest_at, TRUE AS of_account
  FROM owned WHERE active AND departed AND past_due
  UNION ALL BY NAME SELECT 'ghost_pending' AS kind, app, account_id, person, FALSE AS of_account
  FROM owned WHERE active AND departed AND NOT past_due
  UNION ALL BY NAME SELECT 'used_after_departure' AS kind, app, account_id, person,
    last_activity_at AS earliest_at, last_activity_at AS latest_at, FALSE AS of_account
  FROM owned WHERE departed AND last_activity_at > gone_at
  UNION ALL BY NAME SELECT 'dormant_account' AS kind, app, account_id, person, TRUE AS of_account
  FROM owned WHERE active AND NOT departed AND last_activity_at <= $now - INTERVAL 90 DAY
  UNION ALL BY NAME SELECT 'engagement_expired' AS kind, app, account_id, person,
    TRUE AS of_account
  FROM owned WHERE active AND status IN ('active', 'on_leave') AND days >= 0 AND past_due
    AND worker_type_key = 'contractor'
  UNION ALL BY NAME SELECT 'orphan_account' AS kind, source AS app, account_id,
    TRUE AS of_account
  FROM judged WHERE active AND situation = 'unmatched'
  UNION ALL BY NAME SELECT 'ambiguous_identity' AS kind, source AS app, account_id, problem,
    FALSE AS of_account
  FROM judged WHERE active AND situation = 'disputed'
  UNION ALL BY NAME SELECT 'leaver_membership' AS kind, app, account_id, group_id, o.person,
    m.via, g.privileged, FALSE AS of_account
  FROM members AS m JOIN places AS g USING (app, group_id) JOIN owned AS o USING (app, account_id)
  WHERE o.departed AND o.past_due
  UNION ALL BY NAME SELECT 'group_drift' AS kind, d.app, d.account_id, d.group_id, d.person,
    d.via, d.direction, g.basis, d.direction = 'unexpected' AND g.privileged AS privileged,
    FALSE AS of_account
  FROM drift AS d JOIN places AS g USING (app, group_id)
) AS f
LEFT JOIN persons AS p USING (person)
LEFT JOIN privileged AS pa ON f.of_account AND pa.app = f.app AND pa.account_id = f.account_id;
-- part: evidence
COPY (
  SELECT source, account_id, k.key, k.priority, k.strength, key_value, person_source, person_id,
    d.account_id IS NULL AS taken
  FROM claims JOIN keys AS k USING (rule) LEFT JOIN (
    SELECT source, account_id FROM judged WHERE situation = 'disputed'
  ) AS d USING (source, account_id)
  ORDER BY source, account_id, key, strength, key_value, person_source, person_id
) TO $candidates (
  FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000);
COPY (
  SELECT source, account_id, situation, person_source, person_id, matched_by, identity, problem,
    active
  FROM judged ORDER BY source, account_id
) TO $situations (
  FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000);
COPY (
  SELECT
    source, account_id, CASE WHEN active THEN 'active' WHEN NOT active THEN 'inactive'
      ELSE 'unknown' END::label AS sighting,
    user_name, display_name, $since AS first_seen_at, $run::label AS first_seen_run,
    CASE WHEN active THEN $since END AS last_active_at,
    CASE WHEN active THEN $run::label END AS last_active_run,
    CASE WHEN NOT active THEN $since END AS last_inactive_at,
    CASE WHEN NOT active THEN $run::label END AS last_inactive_run,
    CASE WHEN NOT active THEN $until END AS first_inactive_at,
    CASE WHEN NOT active THEN $run::label END AS first_inactive_run,
    NULL::TIMESTAMPTZ AS reactivated_at, NULL::VARCHAR AS reactivated_run,
    NULL::TIMESTAMPTZ AS gone_at, person_source, person_id,
    CASE WHEN NOT active AND departed THEN $run::label END AS concluded_run
  FROM judged ORDER BY source, account_id
) TO $observed_accounts (
  FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000);
COPY (FROM found ORDER BY ALL) TO $found (FORMAT parquet, COMPRESSION zstd);
