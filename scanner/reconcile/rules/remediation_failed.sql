SELECT
  o.app, o.account_id, o.person_source, o.person_id, o.days_since_departure,
  r.problem, r.ended_at AS earliest_at, s.ended_at AS latest_at
FROM owned_accounts AS o
JOIN earlier_remediations AS r ON r.source = o.app AND r.account_id = o.account_id
-- Only a reading that began afterwards can show what became of it.
JOIN sources AS s ON s.source = o.app AND s.started_at >= r.ended_at
WHERE o.active = TRUE AND o.departed = TRUE
