SELECT
  r.source, r.account_id,
  CASE
    WHEN r.problem IS NOT NULL THEN 'disputed' WHEN r.identity IS NULL THEN 'unmatched'
    ELSE 'linked'
  END AS situation,
  CASE WHEN r.problem IS NULL THEN r.governing_source END AS person_source,
  CASE WHEN r.problem IS NULL THEN r.governing_id END AS person_id,
  CASE WHEN r.problem IS NULL THEN k.key END AS matched_by,
  CASE WHEN r.problem IS NULL THEN r.identity END AS identity, r.problem
FROM (
  SELECT source, account_id, priority, identity, governing_source, governing_id, problem
  FROM found_by_key AS f
  WHERE NOT EXISTS (
    SELECT 1 FROM linked_by_hand AS l WHERE l.source = f.source AND l.account_id = f.account_id
  )
  UNION ALL
  SELECT source, account_id, 0, identity, governing_source, governing_id, problem
  FROM linked_by_hand
) AS r
LEFT JOIN keys AS k ON k.priority = r.priority
