SELECT
  o.app, o.account_id, o.person_source, o.person_id, pa.account_id IS NOT NULL AS privileged
FROM owned_accounts AS o
LEFT JOIN registered_accounts AS r ON r.app = o.app AND r.account_id = o.account_id
LEFT JOIN privileged_accounts AS pa ON pa.app = o.app AND pa.account_id = o.account_id
WHERE o.active = TRUE AND o.departed = FALSE AND r.account_id IS NULL
  -- An account whose last use is not shown is never called unused.
  AND EXISTS (
    SELECT 1 FROM accounts AS a JOIN thresholds AS t ON a.last_activity_at <= t.dormant_before
    WHERE a.source = o.app AND a.account_id = o.account_id
  )
