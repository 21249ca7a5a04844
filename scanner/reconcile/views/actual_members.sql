SELECT
  m.app, m.group_id, m.basis, m.account_id, o.person_number, m.via
FROM governed_members AS m
JOIN owned_accounts AS o ON o.app = m.app AND o.account_id = m.account_id
-- A leaver's membership is found by leaver_membership.
WHERE o.departed = FALSE
