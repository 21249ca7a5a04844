SELECT a.source AS app, a.account_id, pa.account_id IS NOT NULL AS privileged
FROM accounts AS a
JOIN situations AS s ON s.source = a.source AND s.account_id = a.account_id
LEFT JOIN privileged_accounts AS pa ON pa.app = a.source AND pa.account_id = a.account_id
LEFT JOIN registered_accounts AS r ON r.app = a.source AND r.account_id = a.account_id
-- A registered account has an owner of its own kind: see unowned_nonhuman.
WHERE a.active = TRUE AND s.situation = 'unmatched' AND r.account_id IS NULL
