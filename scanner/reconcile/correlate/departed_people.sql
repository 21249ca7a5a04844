SELECT
  -- Few of many: what asks about those who left alone need not read everybody again.
  p.source, p.person_id, p.person_number, p.departed, p.departed_at, p.removal_due_at,
  p.days_since_departure, r.name_keys,
  -- Between these left a person without a date of departure.
  d.last_employed_due_at, d.first_terminated_at, d.first_terminated_due_at
FROM people_as_of AS p
JOIN people AS r ON r.source = p.source AND r.person_id = p.person_id
-- The date is that of the record that governs, and so are its bounds.
LEFT JOIN observed_people AS d ON d.source = p.governing_source AND d.person_id = p.governing_id
WHERE p.departed = TRUE
