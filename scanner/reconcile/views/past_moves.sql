SELECT e.source AS app, e.account_id, e.group_id, e.field, f.field_value, e.former_value
FROM earlier_moves AS e
JOIN person_fields AS f
  ON f.person_source = e.person_source AND f.person_id = e.person_id AND f.field = e.field
LEFT JOIN moved_people AS p ON p.person_source = e.person_source AND p.person_id = e.person_id
-- Who is back has moved no more; who moved again is looked at anew.
WHERE f.field_value <> e.former_value AND p.person_id IS NULL
