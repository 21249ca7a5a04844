SELECT source AS app, account_id
FROM accounts WHERE privileged = TRUE
UNION
SELECT a.source, a.account_id
FROM accounts AS a
JOIN privileged_names AS n ON n.source = a.source AND n.resource = 'account'
WHERE a.account_id = n.named OR a.user_name_key LIKE n.pattern ESCAPE '!'
UNION
SELECT m.source, m.member_id
FROM memberships AS m
JOIN privileged_groups AS g ON g.app = m.source AND g.group_id = m.group_id
WHERE m.member_type = 'User'
