SELECT DISTINCT k.app, k.account_id, k.group_id
FROM kept_memberships AS k
JOIN memberships AS m
  ON m.source = k.app AND m.group_id = k.group_id AND m.member_type = 'User'
JOIN owned_accounts AS o ON o.app = m.source AND o.account_id = m.member_id
JOIN person_fields AS f
  ON f.person_source = o.person_source AND f.person_id = o.person_id
 AND f.field = k.field AND f.field_value = k.field_value
LEFT JOIN moved_people AS p
  ON p.person_source = o.person_source AND p.person_id = o.person_id
LEFT JOIN kept_memberships AS q ON q.app = k.app AND q.group_id = k.group_id
 AND q.person_source = o.person_source AND q.person_id = o.person_id
-- Who moved together does not speak for each other.
WHERE o.departed = FALSE AND p.person_id IS NULL AND q.person_id IS NULL
