SELECT
  -- Accounts that an issued key leads to a departed person, with the words of their names.
  m.source, m.account_id, m.person_number, a.name_keys
FROM matches AS m
JOIN accounts AS a ON a.source = m.source AND a.account_id = m.account_id
WHERE m.issued = TRUE AND m.departed = TRUE AND a.name_keys IS NOT NULL
