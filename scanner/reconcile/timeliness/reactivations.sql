SELECT
  w.source AS app, w.account_id, w.person_source, w.person_id, p.days_since_departure,
  COALESCE(r.occurred_at, o.last_inactive_at) AS earliest_at,
  COALESCE(r.occurred_at, o.reactivated_at) AS latest_at,
  CASE WHEN r.occurred_at IS NULL THEN 'observation' ELSE 'event' END AS basis
FROM situations AS w
JOIN departed_people AS p ON p.source = w.person_source AND p.person_id = w.person_id
JOIN observed_accounts AS o ON o.source = w.source AND o.account_id = w.account_id
LEFT JOIN (
  SELECT source, account_id, MAX(occurred_at) AS occurred_at
  FROM events
  WHERE event = 'reactivated'
  GROUP BY source, account_id
) AS r
  ON r.source = w.source AND r.account_id = w.account_id
 AND r.occurred_at > COALESCE(p.departed_at, p.first_terminated_at)
WHERE w.active = TRUE
  -- Switched on before the departure, it is an account that was never switched off.
  AND (
    r.occurred_at IS NOT NULL
    OR (o.reactivated_at IS NOT NULL
      AND o.last_inactive_at >= COALESCE(p.departed_at, p.first_terminated_at))
  )
