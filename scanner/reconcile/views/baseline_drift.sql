SELECT
  g.app, a.account_id, o.person_source, o.person_id, g.group_id, 'unexpected' AS direction,
  MIN(m.via) AS via
FROM approved_groups AS g
JOIN memberships AS m
  ON m.source = g.app AND m.group_id = g.group_id AND m.member_type = 'User'
JOIN accounts AS a ON a.source = m.source AND a.account_id = m.member_id
LEFT JOIN owned_accounts AS o ON o.app = a.source AND o.account_id = a.account_id
LEFT JOIN baseline_members AS b
  ON b.app = g.app AND b.group_id = g.group_id AND b.account_id = a.account_id
-- A leaver's membership is found by leaver_membership.
WHERE b.account_id IS NULL AND COALESCE(o.departed, FALSE) = FALSE
GROUP BY g.app, a.account_id, o.person_source, o.person_id, g.group_id
UNION ALL
SELECT
  g.app, a.account_id, o.person_source, o.person_id, g.group_id, 'missing', CAST(NULL AS STRING)
FROM approved_groups AS g
JOIN baseline_members AS b ON b.app = g.app AND b.group_id = g.group_id
-- An account that was removed or switched off is not wanted back.
JOIN accounts AS a ON a.source = b.app AND a.account_id = b.account_id AND a.active = TRUE
LEFT JOIN owned_accounts AS o ON o.app = a.source AND o.account_id = a.account_id
LEFT JOIN memberships AS m
  ON m.source = g.app AND m.group_id = g.group_id AND m.member_id = a.account_id
 AND m.member_type = 'User'
WHERE m.member_id IS NULL AND COALESCE(o.departed, FALSE) = FALSE
