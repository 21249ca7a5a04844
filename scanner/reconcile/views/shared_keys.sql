SELECT
  -- Numbers and addresses that two people have, as far as anything can tell them apart.
  key, key_value
FROM known_keys
WHERE key IN ('employee_number', 'email')
GROUP BY key, key_value
HAVING MIN(person_number) <> MAX(person_number)
