SELECT
  a.source, a.account_id, a.rule, a.weak, a.issued, a.key_value, k.person_source, k.person_id,
  k.person_number, k.departed
FROM account_keys AS a
JOIN concluded AS c ON c.source = a.source
JOIN known_keys AS k ON k.rule = a.rule AND k.key_value = a.key_value
