SELECT n.line, n.app, a.account_id, a.active
FROM nonhuman AS n
JOIN accounts AS a ON a.source = n.app AND a.account_id = n.account_named
UNION
SELECT n.line, n.app, a.account_id, a.active
FROM nonhuman AS n
JOIN accounts AS a ON a.source = n.app AND a.user_name_key = n.account_key
-- An id names one account for good; a user name is taken for one only where no id is.
WHERE NOT EXISTS (
  SELECT 1 FROM accounts AS same WHERE same.source = n.app AND same.account_id = n.account_named
)
