SELECT source, account_id
FROM (
  -- Accounts led to a departed person by issued keys, where both have names to compare,
  SELECT m.source, m.account_id, m.person_number, 0 AS agrees
  FROM matches AS m
  JOIN accounts AS a
    ON a.source = m.source AND a.account_id = m.account_id AND a.name_keys IS NOT NULL
  JOIN departed_people AS d ON d.person_number = m.person_number AND d.name_keys IS NOT NULL
  WHERE m.issued = TRUE AND m.departed = TRUE
  UNION ALL
  -- and those that have a word in common.
  SELECT source, account_id, person_number, 1 FROM name_agreements
) AS compared
GROUP BY source, account_id, person_number
HAVING MAX(agrees) = 0
