SELECT
  d.app, d.account_id, p.person_source, p.person_id, d.group_id, d.direction, d.basis, d.via
FROM (
  SELECT
    COALESCE(m.app, e.app) AS app, COALESCE(m.account_id, e.account_id) AS account_id,
    COALESCE(m.person_number, e.person_number) AS person_number,
    COALESCE(m.group_id, e.group_id) AS group_id,
    CASE WHEN e.person_number IS NULL THEN 'unexpected' ELSE 'missing' END AS direction,
    COALESCE(m.basis, e.basis) AS basis, m.via
  FROM expected_members AS e
  FULL JOIN actual_members AS m
    ON m.app = e.app AND m.group_id = e.group_id AND m.person_number = e.person_number
  LEFT JOIN baseline_members AS b
    ON b.app = m.app AND b.group_id = m.group_id AND b.account_id = m.account_id
  WHERE (e.person_number IS NULL AND b.account_id IS NULL)
     OR (m.person_number IS NULL AND e.account_id IS NOT NULL)
) AS d
JOIN governing_people AS p ON p.person_number = d.person_number
