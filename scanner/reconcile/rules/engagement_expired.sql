SELECT
  o.app, o.account_id, o.person_source, o.person_id, o.days_since_departure,
  pa.account_id IS NOT NULL AS privileged
FROM owned_accounts AS o
JOIN people AS p ON p.source = o.person_source AND p.person_id = o.person_id
JOIN external_worker_types AS w ON w.worker_type_key = p.worker_type_key
LEFT JOIN privileged_accounts AS pa ON pa.app = o.app AND pa.account_id = o.account_id
-- The HRIS still calls the person current; only the end date that it holds says otherwise.
WHERE o.active = TRUE AND o.status IN ('active', 'on_leave')
  AND o.days_since_departure >= 0 AND o.past_due = TRUE
