SELECT
  g.app, g.group_id, MIN(g.basis) AS basis, o.account_id, o.person_source, o.person_id,
  MIN(m.via) AS via
FROM governed_groups AS g
JOIN memberships AS m
  ON m.source = g.app AND m.group_id = g.group_id AND m.member_type = 'User'
JOIN owned_accounts AS o ON o.app = m.source AND o.account_id = m.member_id
-- A leaver's membership is found by leaver_membership.
WHERE o.departed = FALSE
GROUP BY g.app, g.group_id, o.account_id, o.person_source, o.person_id
