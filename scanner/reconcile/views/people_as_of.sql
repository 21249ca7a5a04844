SELECT
  p.source, p.person_id, p.status, p.departed_at, p.removal_due_at,
  p.status = 'terminated' AND (p.departed_at IS NULL OR p.departed_at <= run.as_of) AS departed,
  -- Without a departure date nothing can show that there is time left.
  p.departed_at IS NULL OR p.removal_due_at <= run.as_of AS past_due,
  whole_days(p.departed_at, run.as_of) AS days_since_departure
FROM people AS p CROSS JOIN run
