SELECT g.app, g.group_id, g.basis, f.person_source, f.person_id
FROM governed_groups AS g
JOIN entitlement_conditions AS c ON c.entitlement = g.entitlement
JOIN person_fields AS f ON f.field = c.field AND f.field_value = c.field_value
GROUP BY g.entitlement, g.app, g.group_id, g.basis, f.person_source, f.person_id
-- Every field the rule names must match, each by one of its values.
HAVING COUNT(DISTINCT c.field) = MAX(c.fields_named)
UNION
SELECT g.app, g.group_id, g.basis, o.person_source, o.person_id
FROM governed_groups AS g
JOIN memberships AS m
  ON m.source = g.mirror_source AND m.group_id = g.mirror_group_id AND m.member_type = 'User'
JOIN owned_accounts AS o ON o.app = m.source AND o.account_id = m.member_id
