SELECT
  o.app, o.account_id, o.person_source, o.person_id, o.days_since_departure,
  pa.account_id IS NOT NULL AS privileged
FROM owned_accounts AS o
LEFT JOIN privileged_accounts AS pa ON pa.app = o.app AND pa.account_id = o.account_id
WHERE o.active = TRUE AND o.departed = TRUE AND o.past_due = TRUE
  -- An account that was switched on again is reactivated, which says more.
  AND NOT EXISTS (
    SELECT 1 FROM reactivations AS r WHERE r.app = o.app AND r.account_id = o.account_id
  )
