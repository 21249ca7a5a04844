SELECT source, account_id
FROM (
  -- Accounts led to a departed person by issued keys, where both have names to compare,
  SELECT i.source, i.account_id, i.person_number, 0 AS agrees
  FROM issued_claims AS i
  JOIN departed_people AS d ON d.person_number = i.person_number AND d.name_keys IS NOT NULL
  UNION ALL
  -- and those that have a word in common.
  SELECT source, account_id, person_number, 1 FROM name_agreements
) AS compared
GROUP BY source, account_id, person_number
HAVING MAX(agrees) = 0
