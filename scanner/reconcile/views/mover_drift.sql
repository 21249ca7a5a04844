SELECT
  k.app, k.account_id, k.person_source, k.person_id, k.group_id, k.via, k.field, k.former_value
FROM kept_memberships AS k
LEFT JOIN new_colleagues AS c
  ON c.app = k.app AND c.account_id = k.account_id AND c.group_id = k.group_id
-- A group in which others of the new department (or title) are belongs to the new work as well.
WHERE c.account_id IS NULL
