SELECT
  e.entitlement, e.source AS app, e.group_named,
  p.side AS unclear_side, p.source AS unclear_source, p.group_named AS unclear_group, p.problem,
  p.basis AS unclear_basis
FROM entitlement_groups AS e
-- Its own group, or the one it mirrors, was not found once.
JOIN entitlement_groups AS p ON p.entitlement = e.entitlement AND p.problem IS NOT NULL
WHERE e.side = 'app'
UNION
SELECT
  e.entitlement, e.source, e.group_named, p.side, p.source, p.group_named, p.problem, p.basis
FROM entitlement_groups AS e
-- Another entitlement may mean the same group, and who is expected by that one is not known.
JOIN named_groups AS n ON n.source = e.source AND n.group_id = e.group_id AND n.side = 'app'
JOIN entitlement_groups AS p ON p.entitlement = n.entitlement AND p.problem IS NOT NULL
WHERE e.side = 'app' AND e.problem IS NULL
