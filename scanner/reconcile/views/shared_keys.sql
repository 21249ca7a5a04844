SELECT
  -- Numbers and addresses that two people have, as far as anything can tell them apart.
  k.key, k.key_value
FROM person_keys AS k
JOIN people_as_of AS p ON p.source = k.person_source AND p.person_id = k.person_id
WHERE k.key IN ('employee_number', 'email')
GROUP BY k.key, k.key_value
HAVING MIN(p.identity) <> MAX(p.identity)
