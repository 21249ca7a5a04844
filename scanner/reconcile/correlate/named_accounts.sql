SELECT a.source, a.account_id, a.active, l.person_named, l.person_key
FROM links AS l JOIN accounts AS a ON a.source = l.app AND a.account_id = l.account_named
UNION
SELECT a.source, a.account_id, a.active, l.person_named, l.person_key
FROM links AS l JOIN accounts AS a ON a.source = l.app AND a.user_name_key = l.account_key
