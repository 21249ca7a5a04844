SELECT DISTINCT
  o.app, o.account_id, o.person_source, o.person_id, m.group_id, m.via, p.field, p.field_value
FROM moved_people AS p
JOIN owned_accounts AS o ON o.person_source = p.person_source AND o.person_id = p.person_id
JOIN sources AS s ON s.source = o.app AND s.groups_state = 'COMPLETE'
JOIN memberships AS m
  ON m.source = o.app AND m.member_id = o.account_id AND m.member_type = 'User'
JOIN earlier_memberships AS e
  ON e.source = m.source AND e.group_id = m.group_id AND e.member_id = m.member_id
 AND e.member_type = 'User'
-- A group that an entitlement governs is judged by that.
LEFT JOIN entitlement_groups AS g
  ON g.source = m.source AND g.group_id = m.group_id AND g.side = 'app'
WHERE o.departed = FALSE AND o.active = TRUE AND g.group_id IS NULL
