SELECT a.source, a.account_id, a.key, a.priority, a.key_value, p.person_source, p.person_id
FROM account_keys AS a
JOIN concluded AS c ON c.source = a.source
JOIN person_keys AS p ON p.key = a.key AND p.key_value = a.key_value
