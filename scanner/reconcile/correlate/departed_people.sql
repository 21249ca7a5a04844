SELECT
  -- Few of many: what asks about those who left alone need not read everybody again.
  p.source, p.person_id, p.person_number, p.governing_source, p.governing_id, p.departed,
  p.departed_at, p.removal_due_at, p.days_since_departure, r.name_keys
FROM people_as_of AS p
JOIN people AS r ON r.source = p.source AND r.person_id = p.person_id
WHERE p.departed = TRUE
