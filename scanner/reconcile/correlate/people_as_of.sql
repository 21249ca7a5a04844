SELECT
  -- One row per record; what it says of departure is what governs the person it belongs to.
  i.source, i.person_id, p.status, i.identity, g.person_number, i.entangled,
  g.source AS governing_source, g.person_id AS governing_id, g.departed_at,
  g.removal_due_at, g.departed,
  -- Without a departure date nothing can show that there is time left.
  g.departed_at IS NULL OR g.removal_due_at <= run.as_of AS past_due,
  whole_days(g.departed_at, run.as_of) AS days_since_departure
FROM identities AS i
JOIN people AS p ON p.source = i.source AND p.person_id = i.person_id
JOIN governing_records AS g ON g.identity = i.identity
CROSS JOIN run
