SELECT
  -- One row per person, by the record that governs.
  person_number, identity, source AS person_source, person_id, status, departed, past_due,
  days_since_departure
FROM people_as_of
WHERE source = governing_source AND person_id = governing_id
