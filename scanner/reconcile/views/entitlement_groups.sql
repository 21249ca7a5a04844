SELECT
  e.entitlement, e.basis, e.side, e.source, e.group_named, MIN(g.group_id) AS group_id,
  CASE
    WHEN s.state <> 'COMPLETE' OR s.groups_state <> 'COMPLETE' THEN 'entitlement.groups_incomplete'
    WHEN COUNT(g.group_id) = 0 THEN 'entitlement.group_absent'
    WHEN MIN(g.group_id) <> MAX(g.group_id) THEN 'entitlement.group_ambiguous'
  END AS problem
FROM entitlements AS e
JOIN sources AS s ON s.source = e.source
LEFT JOIN named_groups AS g ON g.entitlement = e.entitlement AND g.side = e.side
GROUP BY e.entitlement, e.basis, e.side, e.source, e.group_named, s.state, s.groups_state
