SELECT DISTINCT
  o.app, o.account_id, o.person_source, o.person_id, m.group_id, o.days_since_departure, m.via,
  pg.group_id IS NOT NULL AS privileged
FROM owned_accounts AS o
JOIN sources AS s ON s.source = o.app AND s.groups_state = 'COMPLETE'
JOIN memberships AS m
  ON m.source = o.app AND m.member_id = o.account_id AND m.member_type = 'User'
LEFT JOIN privileged_groups AS pg ON pg.app = m.source AND pg.group_id = m.group_id
-- Whether the account is active does not matter: a reactivated account has its groups back.
WHERE o.departed = TRUE AND o.past_due = TRUE
