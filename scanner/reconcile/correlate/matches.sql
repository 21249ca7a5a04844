SELECT
  a.source, a.account_id, a.key, a.priority, a.strength, a.issued, a.key_value,
  p.person_source, p.person_id, d.identity, d.governing_source, d.governing_id, d.departed
FROM account_keys AS a
JOIN concluded AS c ON c.source = a.source
JOIN person_keys AS p
  ON p.key = a.key AND p.strength = a.strength AND p.key_value = a.key_value
JOIN people_as_of AS d ON d.source = p.person_source AND d.person_id = p.person_id
