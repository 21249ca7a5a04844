-- One made-up company, drawn from hashes of numbers: the same seed gives the same rows.
-- Expects the macro roll(salt, n), 0 to 9999, and the table "size": accounts, people, memberships,
-- apps, as_of.
CREATE TABLE persons AS
SELECT
  i, CASE WHEN i % 10 = 9 THEN 'contractors' ELSE 'people' END AS source,
  format('P{:07d}', i) AS person_id, format('E{:07d}', i) AS number,
  first_names[1 + roll('first', i) % 20] AS first, last_names[1 + roll('last', i) % 40] AS last,
  format('D{:02d}', roll('department', i) % 20) AS department,
  format('T{:02d}', roll('title', i) % 60) AS title,
  CASE
    WHEN roll('status', i) < 700 THEN 'terminated' WHEN roll('status', i) < 800 THEN 'on_leave'
    WHEN roll('status', i) < 850 THEN 'pending' WHEN roll('status', i) < 870 THEN 'unknown'
    ELSE 'active'
  END AS status,
  as_of - to_hours(24 * 420 + roll('hired', i)) AS hired_at,
  as_of - to_minutes(roll('gone', i) * 50 + roll('minute', i) % 1440) AS gone_at
FROM range((SELECT people FROM size)) AS n(i), size, (
  SELECT
    ['Ana', 'Ben', 'Carla', 'David', 'Elena', 'Farid', 'Grace', 'Hugo', 'Ines', 'Jonas', 'Keiko',
     'Liam', 'Maya', 'Nora', 'Omar', 'Petra', 'Quentin', 'Rosa', 'Sven', 'Tara'] AS first_names,
    ['Adams', 'Berg', 'Costa', 'Dupont', 'Evans', 'Fischer', 'Garcia', 'Haddad', 'Ivanov', 'Jansen',
     'Kowalski', 'Lopez', 'Meyer', 'Nakamura', 'Okafor', 'Petrov', 'Quinn', 'Ruiz', 'Silva',
     'Tanaka', 'Ueda', 'Vogel', 'Weber', 'Xu', 'Young', 'Zeman', 'Abbas', 'Bauer', 'Castro',
     'Dubois', 'Egger', 'Fontana', 'Gruber', 'Hansen', 'Iqbal', 'Jovanovic', 'Keller', 'Larsen',
     'Moreau', 'Novak'] AS last_names
);
-- One in two hundred has a second record: a contractor who was hired.
CREATE TABLE people AS
SELECT
  p.*, source AS record_source, TRUE AS present,
  CASE
    WHEN status = 'terminated' AND roll('undated', i) >= 100 THEN gone_at
    WHEN source = 'contractors' AND roll('expired', i) < 200 THEN gone_at
    WHEN source = 'contractors' AND roll('expired', i) < 9700 THEN as_of + to_days(roll('end', i))
  END AS departed_at
FROM persons AS p, size
UNION ALL
SELECT
  p.* REPLACE ('terminated' AS status), 'contractors', TRUE, hired_at + INTERVAL 30 DAY
FROM persons AS p WHERE source = 'people' AND roll('twice', i) < 50;
CREATE VIEW people_rows AS
SELECT
  record_source AS source, person_id, number AS employee_number, person_id AS external_id,
  CASE WHEN i % 5 = 0 THEN handle ELSE handle || '@example.com' END AS user_name,
  [handle || '@example.com'] AS emails, first || ' ' || last AS display_name, status,
  CASE WHEN record_source = 'contractors' THEN 'Contractor' ELSE 'Employee' END AS worker_type,
  department, title, format('P{:07d}', i // 8) AS manager_id,
  ['Berlin', 'Lisbon', 'Austin', 'Osaka'][1 + roll('place', i) % 4] AS location, hired_at,
  departed_at, departed_at + to_hours(CASE WHEN roll('late', i) < 400 THEN 30 ELSE -200 END)
    AS recorded_at,
  departed_at + INTERVAL 24 HOUR AS removal_due_at, lower(person_id) AS person_id_key,
  lower(number) AS employee_number_key, lower(person_id) AS external_id_key,
  CASE WHEN i % 5 = 0 THEN handle ELSE handle || '@example.com' END AS user_name_key,
  CASE WHEN i % 5 <> 0 THEN handle || '@example.com' END AS user_name_address,
  [handle || '@example.com'] AS email_keys,
  CASE WHEN record_source = 'contractors' THEN 'contractor' ELSE 'employee' END AS worker_type_key,
  lower(first || ' ' || last) AS display_name_key,
  list_sort([lower(first), lower(last)]) AS name_keys,
  format('responses/{}/{:06d}-users.gz', record_source, i // 500) AS response,
  CAST(i % 500 AS BIGINT) AS response_index
FROM (SELECT *, lower(first || '.' || last) || '.' || i AS handle FROM people);
CREATE TABLE holders AS
SELECT
  a.*, p.person_id, p.number, p.first, p.last, p.department, p.status, p.departed_at, p.source
    AS person_source,
  lower(p.first || '.' || p.last) || '.' || p.i AS handle, p.i AS person,
  p.status = 'terminated' AND COALESCE(p.departed_at <= size.as_of, TRUE) AS departed,
  md5(a.app || '/' || a.n) AS account_id,
  CASE
    WHEN a.case_roll < 150 THEN 'nobody' WHEN a.case_roll < 180 THEN 'disputed'
    WHEN a.case_roll < 280 THEN 'weak' WHEN a.case_roll < 290 THEN 'renamed'
    WHEN a.case_roll < 300 THEN 'service' ELSE 'plain'
  END AS kind
FROM (
  SELECT
    n, n % apps AS number_of_app, format('app{:02d}', n % apps) AS app, roll('case', n) AS case_roll,
    -- Every app is used by a part of the people, each of them once.
    (CAST(n // apps AS BIGINT) * GREATEST(people * apps // accounts, 1) + n % apps) % people AS k
  FROM range((SELECT accounts FROM size)) AS g(n), size
) AS a
JOIN people AS p ON p.i = a.k AND p.record_source = p.source
CROSS JOIN size;
CREATE TABLE accounts AS
SELECT
  h.*, CASE
    WHEN kind = 'service' THEN TRUE
    WHEN roll('active', n) < 50 THEN NULL
    WHEN departed THEN roll('active', n) > 9500
    ELSE roll('active', n) > 250
  END AS active,
  CASE
    WHEN roll('used', n) < 2000 THEN NULL
    WHEN departed THEN COALESCE(departed_at, as_of - INTERVAL 9 DAY)
      + to_hours(CASE WHEN roll('after', n) < 100 THEN 5 ELSE -50 END)
    WHEN roll('used', n) < 2080 THEN as_of - INTERVAL 120 DAY
    ELSE as_of - to_minutes(roll('used', n) * 6)
  END AS last_activity_at
FROM holders AS h, size;
CREATE VIEW account_rows AS
SELECT
  app AS source, account_id,
  CASE WHEN kind = 'service' THEN format('svc-{}', n) WHEN kind = 'weak' OR n % 5 = 0 THEN handle
    WHEN kind = 'nobody' THEN format('x{}', n) WHEN kind = 'renamed' THEN format('r{}', n)
    ELSE handle || '@example.com' END AS user_name,
  CASE WHEN kind IN ('plain', 'disputed') AND roll('external', n) < 3000 THEN person_id END
    AS external_id,
  CASE WHEN kind IN ('plain', 'disputed', 'renamed') AND (kind = 'renamed' OR
    roll('number', n) < 6000) THEN number END AS employee_number,
  CASE
    WHEN kind = 'plain' THEN [handle || '@example.com']
    WHEN kind = 'disputed' THEN [format('{}.{}', other, person - 1) || '@example.com']
    WHEN kind = 'nobody' THEN [format('x{}@gone.example', n)] ELSE CAST([] AS VARCHAR[])
  END AS emails,
  CASE WHEN kind IN ('service', 'renamed') THEN 'Zoe Zorn' ELSE first || ' ' || last END
    AS display_name,
  active, CAST(NULL AS VARCHAR) AS account_type, roll('privileged', n) < 100 AS privileged,
  as_of - INTERVAL 500 DAY AS created_at,
  CASE WHEN roll('modified', n) < 9000 THEN LEAST(COALESCE(departed_at, as_of), as_of)
    - to_hours(24 * 20) + to_minutes(roll('changed', n) * 4) END AS modified_at,
  last_activity_at, CAST(NULL AS VARCHAR) AS version,
  lower(employee_number) AS employee_number_key, lower(external_id) AS external_id_key,
  user_name AS user_name_key,
  CASE WHEN user_name LIKE '%@%' THEN user_name END AS user_name_address, emails AS email_keys,
  lower(display_name) AS display_name_key,
  CASE WHEN kind IN ('service', 'renamed') THEN ['zoe', 'zorn']
    ELSE list_sort([lower(first), lower(last)]) END AS name_keys,
  format('responses/{}/{:06d}-users.gz', app, n // apps // 500) AS response,
  CAST((n // apps) % 500 AS BIGINT) AS response_index
FROM (
  SELECT a.*, lower(o.first || '.' || o.last) AS other
  FROM accounts AS a LEFT JOIN persons AS o ON o.i = a.person - 1
), size;
CREATE TABLE teams AS
SELECT
  format('app{:02d}', a) AS app, g, md5('group/' || a || '/' || g) AS group_id,
  CASE WHEN g < 20 THEN format('Department D{:02d}', g) WHEN g = 20 THEN 'Everybody'
    WHEN g >= 190 THEN format('Admins {}', g) ELSE format('Team {}', g) END AS display_name
FROM range((SELECT apps FROM size)) AS n(a), range(200) AS m(g);
CREATE VIEW group_rows AS
SELECT
  app AS source, group_id, display_name, group_id AS group_id_key,
  lower(display_name) AS display_name_key, format('responses/{}/000001-groups.gz', app) AS response,
  CAST(g AS BIGINT) AS response_index
FROM teams;
CREATE VIEW seats AS
SELECT
  a.n, a.app, a.account_id, s.slot, CASE
    WHEN s.slot = 0 AND roll('wrong', a.n) < 100 THEN roll('team', a.n) % 20
    WHEN s.slot = 0 THEN CAST(substr(a.department, 2) AS INTEGER)
    -- Only people of the first app can be in the group that the others mirror.
    WHEN s.slot = 1 AND a.person % step = 0 AND
      roll('everybody', CASE WHEN roll('apart', a.n) < 100 THEN a.n ELSE a.person END) < 900 THEN 20
    ELSE 21 + hash(a.n, s.slot) % 179
  END AS g
FROM accounts AS a, size, (SELECT GREATEST(people * apps // accounts, 1) AS step FROM size) AS t,
  range((SELECT memberships // accounts FROM size)) AS s(slot)
WHERE (a.departed = FALSE OR roll('cleared', a.n) < 600)
  AND (s.slot > 0 OR roll('added', a.n) >= 200);
CREATE VIEW membership_rows AS
SELECT DISTINCT ON (s.app, t.group_id, s.account_id)
  s.app AS source, t.group_id, s.account_id AS member_id, 'User' AS member_type,
  CASE WHEN roll('nested', s.n + s.slot) < 300 THEN '["' || md5('group/inner/' || s.app) || '"]'
    END AS via,
  format('responses/{}/000001-groups.gz', s.app) AS response, CAST(t.g AS BIGINT) AS response_index
FROM seats AS s JOIN teams AS t ON t.app = s.app AND t.g = s.g;
-- What the audit thirty days before saw.
CREATE VIEW earlier_account_rows AS
SELECT
  a.source, a.account_id, CASE WHEN was_active THEN 'active' ELSE 'inactive' END AS sighting,
  a.user_name, a.display_name, as_of - INTERVAL 300 DAY AS first_seen_at,
  '000001' AS first_seen_run,
  CASE WHEN was_active THEN as_of - INTERVAL 30 DAY ELSE as_of - INTERVAL 60 DAY END
    AS last_active_at,
  CASE WHEN was_active THEN '000003' ELSE '000002' END AS last_active_run,
  CASE WHEN NOT was_active THEN as_of - INTERVAL 30 DAY END AS last_inactive_at,
  CASE WHEN NOT was_active THEN '000003' END AS last_inactive_run,
  CASE WHEN NOT was_active THEN as_of - INTERVAL 59 DAY END AS first_inactive_at,
  CASE WHEN NOT was_active THEN '000003' END AS first_inactive_run,
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS reactivated_at, CAST(NULL AS VARCHAR) AS reactivated_run,
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS gone_at,
  h.person_source, h.person_id, CASE WHEN NOT was_active AND departed THEN '000003' END
    AS concluded_run
FROM account_rows AS a
JOIN (
  SELECT
    h.*, CASE WHEN departed AND departed_at < as_of - INTERVAL 31 DAY THEN roll('was', n) < 300
      ELSE roll('was', n) >= 250 END AS was_active
  FROM accounts AS h, size
) AS h ON h.app = a.source AND h.account_id = a.account_id
CROSS JOIN size
UNION ALL
SELECT
  app, md5('gone/' || app || '/' || n), 'active', format('gone{}', n), NULL,
  as_of - INTERVAL 300 DAY, '000001', as_of - INTERVAL 30 DAY, '000003', NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, person_source, person_id, NULL
FROM accounts, size WHERE roll('deleted', n) < 100 AND departed;
CREATE VIEW earlier_people_rows AS
SELECT
  record_source AS source, person_id, first || ' ' || last AS display_name,
  number AS employee_number, CASE WHEN departed_at > as_of - INTERVAL 30 DAY AND
    status = 'terminated' THEN 'active' ELSE status END AS status,
  departed_at, CASE WHEN record_source = 'contractors' THEN 'Contractor' ELSE 'Employee' END
    AS worker_type,
  CASE WHEN roll('moved', i) < 100 THEN format('D{:02d}', roll('from', i) % 20) ELSE department END
    AS department,
  title, format('P{:07d}', i // 8) AS manager_id, as_of - INTERVAL 300 DAY AS first_seen_at,
  '000001' AS first_seen_run, as_of - INTERVAL 30 DAY AS last_seen_at, '000003' AS last_seen_run,
  as_of - INTERVAL 30 DAY AS last_employed_at, as_of - INTERVAL 29 DAY AS last_employed_due_at,
  CASE WHEN status = 'terminated' AND departed_at < as_of - INTERVAL 30 DAY
    THEN as_of - INTERVAL 30 DAY END AS first_terminated_at,
  CASE WHEN status = 'terminated' AND departed_at < as_of - INTERVAL 30 DAY
    THEN as_of - INTERVAL 29 DAY END AS first_terminated_due_at,
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS gone_at
FROM people, size
UNION ALL
SELECT
  'people', 'G' || person_id, first || ' ' || last, NULL, 'active', NULL, 'Employee', department,
  title, NULL, as_of - INTERVAL 300 DAY, '000001', as_of - INTERVAL 30 DAY, '000003',
  as_of - INTERVAL 30 DAY, as_of - INTERVAL 29 DAY, NULL, NULL, NULL
FROM persons, size WHERE roll('vanished', i) < 5;
CREATE VIEW earlier_membership_rows AS
SELECT * FROM membership_rows WHERE hash(member_id, group_id) % 100 <> 0;
CREATE VIEW event_rows AS
SELECT
  app AS source, account_id, CASE WHEN active THEN 'reactivated' ELSE 'deactivated' END AS event,
  departed_at + to_minutes(roll('event', n) // 3) AS occurred_at,
  format('responses/{}/events.gz', app) AS response, CAST(n AS BIGINT) AS response_index
FROM accounts WHERE departed AND departed_at IS NOT NULL AND roll('told', n) < 1000;
