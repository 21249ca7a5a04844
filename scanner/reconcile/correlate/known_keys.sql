SELECT
  k.rule, n.key, k.key_value, k.person_source, k.person_id, p.person_number, p.departed
FROM person_keys AS k
JOIN keys AS n ON n.rule = k.rule
JOIN people_as_of AS p ON p.source = k.person_source AND p.person_id = k.person_id
