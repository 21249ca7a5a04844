SELECT
  -- Two kinds of evidence at once. One alone can be handed on: a number is issued again, an address
  -- is given to a newcomer, two people have one name.
  source || ':' || person_id AS place, 'number and name' AS evidence,
  employee_number_key AS one, display_name_key AS other
FROM people WHERE employee_number_key IS NOT NULL AND display_name_key IS NOT NULL
UNION ALL
SELECT a.source || ':' || a.person_id, 'address and name', a.address, p.display_name_key
FROM person_addresses AS a
JOIN people AS p ON p.source = a.source AND p.person_id = a.person_id
WHERE p.display_name_key IS NOT NULL
UNION ALL
SELECT a.source || ':' || a.person_id, 'number and address', p.employee_number_key, a.address
FROM person_addresses AS a
JOIN people AS p ON p.source = a.source AND p.person_id = a.person_id
WHERE p.employee_number_key IS NOT NULL
