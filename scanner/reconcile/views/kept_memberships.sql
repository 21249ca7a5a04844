SELECT DISTINCT
  o.app, o.account_id, o.person_source, o.person_id, m.group_id, m.via, k.field, k.field_value,
  k.former_value
FROM moved_memberships AS k
JOIN owned_accounts AS o ON o.app = k.app AND o.account_id = k.account_id
JOIN sources AS s ON s.source = o.app AND s.groups_state = 'COMPLETE'
JOIN memberships AS m
  ON m.source = k.app AND m.group_id = k.group_id AND m.member_id = k.account_id
 AND m.member_type = 'User'
-- A group that an entitlement names is judged by that, or said to be ambiguous.
LEFT JOIN named_groups AS g
  ON g.source = m.source AND g.group_id = m.group_id AND g.side = 'app'
WHERE o.departed = FALSE AND o.active = TRUE AND g.group_id IS NULL
