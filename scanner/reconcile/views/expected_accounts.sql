SELECT
  -- Who is expected and has no account in the app can be neither missing nor unexpected.
  g.app, g.group_id, g.basis, o.account_id, o.person_source, o.person_id, o.status, o.active
FROM owned_accounts AS o
JOIN condition_people AS p ON p.person_source = o.person_source AND p.person_id = o.person_id
JOIN condition_groups AS g
  ON g.app = o.app AND g.field = p.field AND g.field_value = p.field_value
GROUP BY
  g.entitlement, g.app, g.group_id, g.basis, o.account_id, o.person_source, o.person_id, o.status,
  o.active
-- Every field the rule names must match, each by one of its values.
HAVING COUNT(*) = MAX(g.fields_named)
UNION ALL
SELECT
  g.app, g.group_id, g.basis, o.account_id, o.person_source, o.person_id, o.status, o.active
FROM governed_groups AS g
JOIN mirrored_people AS m ON m.app = g.app AND m.group_id = g.group_id
JOIN owned_accounts AS o
  ON o.app = m.app AND o.person_source = m.person_source AND o.person_id = m.person_id
