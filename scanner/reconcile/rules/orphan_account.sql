SELECT s.source AS app, s.account_id, pa.account_id IS NOT NULL AS privileged
FROM situations AS s
LEFT JOIN privileged_accounts AS pa ON pa.app = s.source AND pa.account_id = s.account_id
LEFT JOIN registered_accounts AS r ON r.app = s.source AND r.account_id = s.account_id
-- A registered account has an owner of its own kind: see unowned_nonhuman.
WHERE s.active = TRUE AND s.situation = 'unmatched' AND r.account_id IS NULL
