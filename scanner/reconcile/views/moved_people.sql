SELECT
  p.source AS person_source, p.person_id,
  CASE WHEN p.department <> e.department THEN 'department' ELSE 'title' END AS field,
  CASE WHEN p.department <> e.department THEN p.department ELSE p.title END AS field_value,
  CASE WHEN p.department <> e.department THEN e.department ELSE e.title END AS former_value
FROM people AS p
JOIN earlier_people AS e ON e.source = p.source AND e.person_id = p.person_id
-- What is not known on either side has not changed.
WHERE p.department <> e.department OR p.title <> e.title
