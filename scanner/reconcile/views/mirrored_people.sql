SELECT DISTINCT g.app, g.group_id, g.basis, o.person_number
FROM governed_groups AS g
JOIN memberships AS m
  ON m.source = g.mirror_source AND m.group_id = g.mirror_group_id AND m.member_type = 'User'
JOIN situations AS o
  ON o.source = m.source AND o.account_id = m.member_id AND o.situation = 'linked'
