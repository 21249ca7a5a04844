SELECT DISTINCT k.app, k.group_id, k.field, k.field_value
FROM (SELECT DISTINCT app, group_id, field, field_value FROM kept_memberships) AS k
JOIN memberships AS m
  ON m.source = k.app AND m.group_id = k.group_id AND m.member_type = 'User'
JOIN owned_accounts AS o ON o.app = m.source AND o.account_id = m.member_id
JOIN people AS p
  ON p.source = o.person_source AND p.person_id = o.person_id
 AND CASE WHEN k.field = 'department' THEN p.department ELSE p.title END = k.field_value
LEFT JOIN moved_people AS v
  ON v.person_source = o.person_source AND v.person_id = o.person_id
LEFT JOIN kept_memberships AS q ON q.app = k.app AND q.group_id = k.group_id
 AND q.person_source = o.person_source AND q.person_id = o.person_id
-- Who moved together does not speak for each other.
WHERE o.departed = FALSE AND v.person_id IS NULL AND q.person_id IS NULL
