SELECT
  source, person_id, status, hired_at, departed_at, removal_due_at,
  CASE
    WHEN status = 'active' THEN 1
    WHEN status = 'on_leave' THEN 2
    WHEN status = 'terminated' AND departed_at > as_of THEN 3
    WHEN status = 'pending' THEN 4
    WHEN status = 'unknown' THEN 5
    WHEN departed_at IS NULL THEN 6
    ELSE 7
  END AS standing
FROM (
  SELECT
    p.source, p.person_id, p.status, p.hired_at, run.as_of,
    -- A departure before the latest hiring ended an earlier spell: when this one ended is unknown.
    CASE
      WHEN p.hired_at > p.departed_at AND p.hired_at <= run.as_of THEN NULL
      ELSE p.departed_at
    END AS departed_at,
    CASE
      WHEN p.hired_at > p.departed_at AND p.hired_at <= run.as_of THEN NULL
      ELSE p.removal_due_at
    END AS removal_due_at
  FROM people AS p CROSS JOIN run
) AS dated
