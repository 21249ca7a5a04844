SELECT source AS person_source, person_id, 'person_id' AS field, person_id AS field_value
FROM people
UNION ALL SELECT source, person_id, 'employee_number', employee_number FROM people
UNION ALL SELECT source, person_id, 'user_name', user_name FROM people
UNION ALL SELECT source, person_id, 'status', status FROM people
UNION ALL SELECT source, person_id, 'worker_type', worker_type FROM people
UNION ALL SELECT source, person_id, 'department', department FROM people
UNION ALL SELECT source, person_id, 'title', title FROM people
UNION ALL SELECT source, person_id, 'manager_id', manager_id FROM people
UNION ALL SELECT source, person_id, 'location', location FROM people
