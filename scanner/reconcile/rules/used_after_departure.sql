SELECT
  o.app, o.account_id, o.person_source, o.person_id, o.days_since_departure,
  a.last_activity_at AS earliest_at, a.last_activity_at AS latest_at
FROM owned_accounts AS o
JOIN accounts AS a ON a.source = o.app AND a.account_id = o.account_id
JOIN departed_people AS p ON p.source = o.person_source AND p.person_id = o.person_id
-- Whether the account is active now does not matter: it was used.
WHERE a.last_activity_at > COALESCE(p.departed_at, p.first_terminated_at)
