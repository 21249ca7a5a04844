SELECT
  -- Addresses that stand in two records; one record may hold the same twice.
  address
FROM person_addresses
GROUP BY address
HAVING MIN(person_id) <> MAX(person_id) OR MIN(source) <> MAX(source)
