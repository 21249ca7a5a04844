SELECT
  source, account_id, situation,
  CASE WHEN situation = 'linked' THEN first_source END AS person_source,
  CASE WHEN situation = 'linked' THEN first_person END AS person_id,
  CASE WHEN situation = 'linked' THEN
    CASE best
      WHEN 1 THEN 'employee_number' WHEN 2 THEN 'external_id'
      WHEN 3 THEN 'email' WHEN 4 THEN 'user_name'
    END
  END AS matched_by
FROM (
  SELECT
    a.source, a.account_id, MIN(m.priority) AS best,
    MIN(m.person_source) AS first_source, MIN(m.person_id) AS first_person,
    -- Every key is tried, also after one has matched: two people named is a dispute.
    CASE
      WHEN COUNT(m.person_id) = 0 THEN 'unmatched'
      WHEN MIN(m.person_source) = MAX(m.person_source)
       AND MIN(m.person_id) = MAX(m.person_id) THEN 'linked'
      ELSE 'disputed'
    END AS situation
  FROM accounts AS a
  JOIN concluded AS c ON c.source = a.source
  LEFT JOIN matches AS m ON m.source = a.source AND m.account_id = a.account_id
  GROUP BY a.source, a.account_id
) AS resolved
