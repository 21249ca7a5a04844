SELECT
  -- Who is expected and has no account in the app can be neither missing nor unexpected.
  g.app, g.group_id, g.basis, o.account_id, o.person_number, o.status = 'active' AND o.active = TRUE
    AS demanded
FROM account_fields AS o
JOIN condition_groups AS g
  ON g.app = o.app AND g.field = o.field AND g.field_value = o.field_value
WHERE g.fields_named = 1
UNION ALL
SELECT
  g.app, g.group_id, MIN(g.basis), o.account_id, o.person_number,
  MIN(o.status) = 'active' AND MIN(o.active) = TRUE
FROM account_fields AS o
JOIN condition_groups AS g
  ON g.app = o.app AND g.field = o.field AND g.field_value = o.field_value
WHERE g.fields_named > 1
GROUP BY g.entitlement, g.app, g.group_id, o.account_id, o.person_number
-- Every field the rule names must match, each by one of its values.
HAVING COUNT(*) = MAX(g.fields_named)
UNION ALL
SELECT
  g.app, g.group_id, g.basis, o.account_id, o.person_number, o.status = 'active' AND o.active = TRUE
FROM governed_groups AS g
JOIN mirrored_people AS m ON m.app = g.app AND m.group_id = g.group_id
JOIN owned_accounts AS o ON o.app = m.app AND o.person_number = m.person_number
