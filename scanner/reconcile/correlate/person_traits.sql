SELECT
  -- Two kinds of evidence at once. One alone can be handed on: a number is issued again, an address
  -- is given to a newcomer, two people have one name. What no other record has is left out: most.
  p.source || ':' || p.person_id AS place, 'number and name' AS evidence,
  p.employee_number_key AS one, p.display_name_key AS other
FROM people AS p
JOIN repeated_numbers AS n ON n.employee_number_key = p.employee_number_key
WHERE p.display_name_key IS NOT NULL
UNION ALL
SELECT a.source || ':' || a.person_id, 'address and name', a.address, p.display_name_key
FROM person_addresses AS a
JOIN repeated_addresses AS r ON r.address = a.address
JOIN people AS p ON p.source = a.source AND p.person_id = a.person_id
WHERE p.display_name_key IS NOT NULL
UNION ALL
SELECT a.source || ':' || a.person_id, 'number and address', p.employee_number_key, a.address
FROM person_addresses AS a
JOIN repeated_addresses AS r ON r.address = a.address
JOIN people AS p ON p.source = a.source AND p.person_id = a.person_id
WHERE p.employee_number_key IS NOT NULL
