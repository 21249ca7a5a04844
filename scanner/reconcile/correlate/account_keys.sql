SELECT source, account_id, 'employee_number' AS key, 1 AS priority, employee_number_key AS key_value
FROM accounts WHERE employee_number_key IS NOT NULL
UNION
SELECT source, account_id, 'external_id', 2, external_id_key
FROM accounts WHERE external_id_key IS NOT NULL
UNION
SELECT source, account_id, 'email', 3, explode(email_keys)
FROM accounts
UNION
SELECT source, account_id, 'user_name', 4, user_name_key
FROM accounts WHERE user_name_key IS NOT NULL
