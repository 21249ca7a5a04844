SELECT
  m.source, m.account_id, k.key, k.priority, k.strength, m.key_value, m.person_source, m.person_id,
  -- All keys of an account that is linked by them name one person.
  CASE WHEN s.account_id IS NULL THEN TRUE ELSE s.person_number = m.person_number END AS taken
FROM matches AS m
JOIN keys AS k ON k.rule = m.rule
LEFT JOIN (
  SELECT source, account_id, CASE WHEN situation = 'linked' THEN person_number ELSE 0 END
    AS person_number
  FROM situations
  WHERE situation <> 'linked' OR matched_by = 'link'
) AS s ON s.source = m.source AND s.account_id = m.account_id
UNION ALL
SELECT
  l.source, l.account_id, k.key, k.priority, k.strength, l.person_named, l.person_source,
  l.person_id, s.situation = 'linked'
FROM named_links AS l
JOIN keys AS k ON k.rule = 0
JOIN situations AS s ON s.source = l.source AND s.account_id = l.account_id
JOIN identities AS d ON d.source = l.person_source AND d.person_id = l.person_id
