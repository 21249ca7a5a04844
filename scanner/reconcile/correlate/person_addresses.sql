SELECT source, person_id, explode(email_keys) AS address
FROM people
UNION ALL
SELECT source, person_id, user_name_address
FROM people WHERE user_name_address IS NOT NULL
