SELECT app, account_id, person_source, person_id, days_since_departure
FROM owned_accounts AS o
WHERE active = TRUE AND departed = TRUE AND past_due = FALSE
  -- An account that was switched on again is reactivated, which says more.
  AND NOT EXISTS (
    SELECT 1 FROM reactivations AS r WHERE r.app = o.app AND r.account_id = o.account_id
  )
