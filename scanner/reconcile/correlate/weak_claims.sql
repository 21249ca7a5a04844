SELECT DISTINCT
  -- Accounts with a weak key to a person to whom another account of the same app leads too.
  m.source, m.account_id
FROM matches AS m
JOIN matches AS other
  ON other.source = m.source AND other.identity = m.identity AND other.account_id <> m.account_id
WHERE m.strength = 'weak'
