SELECT
  a.entitlement, a.source AS app, a.group_id, a.basis,
  m.source AS mirror_source, m.group_id AS mirror_group_id
FROM entitlement_groups AS a
LEFT JOIN entitlement_groups AS m ON m.entitlement = a.entitlement AND m.side = 'mirror'
LEFT JOIN withheld_groups AS w ON w.entitlement = a.entitlement
WHERE a.side = 'app' AND a.basis <> 'baseline' AND w.entitlement IS NULL
