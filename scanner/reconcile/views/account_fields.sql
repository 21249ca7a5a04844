SELECT
  -- Everybody meets the conditions of many apps: an app's accounts are chosen before its groups.
  o.app, o.account_id, o.person_number, o.status, o.active, p.field, p.field_value
FROM owned_accounts AS o
JOIN condition_people AS p ON p.person_number = o.person_number
