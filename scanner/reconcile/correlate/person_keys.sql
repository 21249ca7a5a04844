SELECT
  source AS person_source, person_id, 'employee_number' AS key, employee_number_key AS key_value
FROM people WHERE employee_number_key IS NOT NULL
-- An app's externalId may hold any of the three ids an HRIS knows a person by.
UNION
SELECT source, person_id, 'external_id', person_id_key
FROM people WHERE person_id_key IS NOT NULL
UNION
SELECT source, person_id, 'external_id', external_id_key
FROM people WHERE external_id_key IS NOT NULL
UNION
SELECT source, person_id, 'external_id', employee_number_key
FROM people WHERE employee_number_key IS NOT NULL
UNION
SELECT source, person_id, 'email', explode(email_keys)
FROM people
UNION
SELECT source, person_id, 'email', user_name_key
FROM people WHERE user_name_key LIKE '%@%'
UNION
SELECT source, person_id, 'user_name', user_name_key
FROM people WHERE user_name_key IS NOT NULL
UNION
SELECT source, person_id, 'user_name', explode(email_keys)
FROM people
