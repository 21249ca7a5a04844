SELECT source AS app, account_id, problem
FROM situations
WHERE active = TRUE AND situation = 'disputed'
