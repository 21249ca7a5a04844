SELECT
  g.app, m.group_id, m.member_id AS account_id, MIN(g.basis) AS basis, MIN(m.via) AS via
FROM memberships AS m
JOIN governed_groups AS g ON g.app = m.source AND g.group_id = m.group_id
WHERE m.member_type = 'User'
GROUP BY g.app, m.group_id, m.member_id
