SELECT
  a.entitlement, a.source AS app, a.group_id, a.basis,
  m.source AS mirror_source, m.group_id AS mirror_group_id
FROM entitlement_groups AS a
LEFT JOIN entitlement_groups AS m ON m.entitlement = a.entitlement AND m.side = 'mirror'
WHERE a.side = 'app' AND a.basis <> 'baseline' AND a.problem IS NULL AND m.problem IS NULL
