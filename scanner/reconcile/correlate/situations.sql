SELECT
  r.source, r.account_id,
  CASE
    WHEN r.problem IS NOT NULL THEN 'disputed' WHEN r.person_number IS NULL THEN 'unmatched'
    ELSE 'linked'
  END AS situation,
  p.person_source, p.person_id,
  CASE WHEN r.problem IS NULL THEN k.key END AS matched_by,
  p.identity, r.problem, p.person_number, r.active
FROM (
  SELECT source, account_id, active, rule, person_number, problem
  FROM found_by_key AS f
  WHERE NOT EXISTS (
    SELECT 1 FROM linked_by_hand AS l WHERE l.source = f.source AND l.account_id = f.account_id
  )
  UNION ALL
  SELECT source, account_id, active, 0, person_number, problem FROM linked_by_hand
) AS r
LEFT JOIN keys AS k ON k.rule = r.rule
LEFT JOIN governing_people AS p
  ON p.person_number = CASE WHEN r.problem IS NULL THEN r.person_number END
