SELECT e.source, e.account_id, MIN(e.occurred_at) AS removed_at
FROM events AS e
JOIN observed_accounts AS o ON o.source = e.source AND o.account_id = e.account_id
LEFT JOIN (
  SELECT source, account_id, MAX(occurred_at) AS switched_on_at
  FROM events
  WHERE event IN ('created', 'reactivated')
  GROUP BY source, account_id
) AS n ON n.source = e.source AND n.account_id = e.account_id
WHERE e.event IN ('deactivated', 'deleted')
  AND (n.switched_on_at IS NULL OR e.occurred_at > n.switched_on_at)
  -- An event that contradicts what readings saw dates some other removal.
  AND (o.last_active_at IS NULL OR e.occurred_at >= o.last_active_at)
  AND e.occurred_at <= o.first_inactive_at
GROUP BY e.source, e.account_id
