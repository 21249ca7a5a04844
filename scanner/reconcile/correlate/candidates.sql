SELECT
  m.source, m.account_id, m.key, m.priority, m.key_value, m.person_source, m.person_id,
  s.situation = 'linked' AS taken
FROM matches AS m
JOIN situations AS s ON s.source = m.source AND s.account_id = m.account_id
