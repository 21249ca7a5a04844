SELECT DISTINCT
  g.entitlement, g.app, g.group_id, g.basis, c.field, c.field_value, c.fields_named
FROM governed_groups AS g
JOIN entitlement_conditions AS c ON c.entitlement = g.entitlement
