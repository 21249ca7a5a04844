SELECT DISTINCT
  -- Accounts with a weak key to a person to whom another account of the same app leads too.
  m.source, m.account_id
FROM matches AS m
JOIN matches AS other
  ON other.source = m.source AND other.person_number = m.person_number
 AND other.account_id <> m.account_id
WHERE m.weak = TRUE
