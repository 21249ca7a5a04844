SELECT
  o.source AS app, o.account_id, o.person_source, o.person_id, p.days_since_departure,
  -- Without a departure date, removal is due between what its bounds allow.
  COALESCE(p.removal_due_at, p.last_employed_due_at) AS due_from,
  COALESCE(p.removal_due_at, p.first_terminated_due_at) AS due_until,
  COALESCE(v.removed_at, o.last_active_at) AS earliest_at,
  COALESCE(v.removed_at, m.modified_at, o.first_inactive_at) AS latest_at,
  CASE WHEN v.removed_at IS NOT NULL THEN 'event' WHEN m.modified_at IS NOT NULL THEN 'modified'
    ELSE 'observation' END AS basis,
  o.first_seen_at = f.first_seen_at AS seen_from_the_first
FROM observed_accounts AS o
JOIN (
  SELECT source, MIN(first_seen_at) AS first_seen_at FROM observed_accounts GROUP BY source
) AS f ON f.source = o.source
JOIN run ON run.run = o.concluded_run
JOIN departed_people AS p ON p.source = o.person_source AND p.person_id = o.person_id
LEFT JOIN removal_events AS v ON v.source = o.source AND v.account_id = o.account_id
-- The newest change of anything is no earlier than the removal, unless the server forgot to date
-- it: then it is older than the last sighting as active, or than the departure.
LEFT JOIN accounts AS m
  ON m.source = o.source AND m.account_id = o.account_id AND m.active = FALSE
 AND m.modified_at < o.first_inactive_at
 AND m.modified_at >= COALESCE(o.last_active_at, p.departed_at)
WHERE p.departed_at IS NULL OR p.departed_at >= run.tested_from
