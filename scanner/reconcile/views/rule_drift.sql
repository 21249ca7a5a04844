SELECT
  COALESCE(m.app, e.app) AS app, COALESCE(m.account_id, e.account_id) AS account_id,
  COALESCE(m.person_source, e.person_source) AS person_source,
  COALESCE(m.person_id, e.person_id) AS person_id, COALESCE(m.group_id, e.group_id) AS group_id,
  CASE WHEN e.person_id IS NULL THEN 'unexpected' ELSE 'missing' END AS direction,
  COALESCE(m.basis, e.basis) AS basis, m.via
FROM expected_members AS e
FULL JOIN actual_members AS m
  ON m.app = e.app AND m.group_id = e.group_id
 AND m.person_source = e.person_source AND m.person_id = e.person_id
LEFT JOIN baseline_members AS b
  ON b.app = m.app AND b.group_id = m.group_id AND b.account_id = m.account_id
WHERE (e.person_id IS NULL AND b.account_id IS NULL)
   OR (m.person_id IS NULL AND e.account_id IS NOT NULL)
