SELECT a.source AS app, a.account_id, s.problem
FROM accounts AS a
JOIN situations AS s ON s.source = a.source AND s.account_id = a.account_id
WHERE a.active = TRUE AND s.situation = 'disputed'
