SELECT e.source AS app, e.group_id
FROM entitlement_groups AS e
JOIN concluded AS c ON c.source = e.source
LEFT JOIN withheld_groups AS w ON w.entitlement = e.entitlement
LEFT JOIN governed_groups AS g ON g.app = e.source AND g.group_id = e.group_id
-- Where a rule or a mirror governs the group, an approved member is allowed and not demanded.
WHERE e.basis = 'baseline' AND w.entitlement IS NULL AND g.group_id IS NULL
