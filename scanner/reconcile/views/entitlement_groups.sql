SELECT
  e.entitlement, e.basis, e.side, e.source, e.group_named, MIN(g.group_id) AS group_id,
  CASE
    WHEN s.state <> 'COMPLETE' OR s.groups_state <> 'COMPLETE' THEN 'entitlement.groups_incomplete'
    WHEN COUNT(g.group_id) = 0 THEN 'entitlement.group_absent'
    WHEN MIN(g.group_id) <> MAX(g.group_id) THEN 'entitlement.group_ambiguous'
  END AS problem
FROM entitlements AS e
JOIN sources AS s ON s.source = e.source
LEFT JOIN groups AS g
  ON g.source = e.source AND (g.group_id_key = e.group_key OR g.display_name_key = e.group_key)
GROUP BY e.entitlement, e.basis, e.side, e.source, e.group_named, s.state, s.groups_state
