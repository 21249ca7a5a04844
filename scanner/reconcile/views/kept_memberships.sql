SELECT DISTINCT
  o.app, o.account_id, o.person_source, o.person_id, m.group_id, m.via, k.field, k.field_value,
  k.former_value
FROM (
  SELECT
    e.source AS app, e.member_id AS account_id, e.group_id, p.field, p.field_value, p.former_value
  FROM moved_people AS p
  JOIN owned_accounts AS a ON a.person_source = p.person_source AND a.person_id = p.person_id
  JOIN earlier_memberships AS e
    ON e.source = a.app AND e.member_id = a.account_id AND e.member_type = 'User'
  UNION ALL
  SELECT app, account_id, group_id, field, field_value, former_value FROM past_moves
) AS k
JOIN owned_accounts AS o ON o.app = k.app AND o.account_id = k.account_id
JOIN sources AS s ON s.source = o.app AND s.groups_state = 'COMPLETE'
JOIN memberships AS m
  ON m.source = k.app AND m.group_id = k.group_id AND m.member_id = k.account_id
 AND m.member_type = 'User'
-- A group that an entitlement names is judged by that, or said to be ambiguous.
LEFT JOIN named_groups AS g
  ON g.source = m.source AND g.group_id = m.group_id AND g.side = 'app'
WHERE o.departed = FALSE AND o.active = TRUE AND g.group_id IS NULL
