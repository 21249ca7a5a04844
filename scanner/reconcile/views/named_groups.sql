SELECT e.entitlement, e.side, e.source, g.group_id
FROM entitlements AS e
JOIN groups AS g ON g.source = e.source AND g.group_id_key = e.group_key
WHERE e.basis <> 'baseline'
UNION
SELECT e.entitlement, e.side, e.source, g.group_id
FROM entitlements AS e
JOIN groups AS g ON g.source = e.source AND g.display_name_key = e.group_key
WHERE e.basis <> 'baseline'
UNION
-- A baseline names a group by its id, exactly.
SELECT e.entitlement, e.side, e.source, g.group_id
FROM entitlements AS e
JOIN groups AS g ON g.source = e.source AND g.group_id = e.group_named
WHERE e.basis = 'baseline'
