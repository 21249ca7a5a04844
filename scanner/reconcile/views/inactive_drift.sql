SELECT DISTINCT o.app, o.account_id, o.person_source, o.person_id, m.group_id, m.via
FROM owned_accounts AS o
CROSS JOIN thresholds AS t
JOIN sources AS s ON s.source = o.app AND s.groups_state = 'COMPLETE'
JOIN memberships AS m
  ON m.source = o.app AND m.member_id = o.account_id AND m.member_type = 'User'
-- A group that an entitlement names is judged by that, or said to be ambiguous.
LEFT JOIN named_groups AS g
  ON g.source = m.source AND g.group_id = m.group_id AND g.side = 'app'
WHERE t.inactive_memberships = TRUE AND o.active = FALSE AND o.departed = FALSE
  AND o.status = 'active' AND g.group_id IS NULL
