SELECT
  k.app, k.account_id, k.person_source, k.person_id, k.group_id, k.via, k.field, k.former_value
FROM kept_memberships AS k
LEFT JOIN new_colleagues AS c
  ON c.app = k.app AND c.group_id = k.group_id AND c.field = k.field
 AND c.field_value = k.field_value
-- A group in which others of the new department (or title) are belongs to the new work as well.
WHERE c.group_id IS NULL
