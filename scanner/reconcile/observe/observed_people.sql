SELECT
  COALESCE(p.source, e.source) AS source, COALESCE(p.person_id, e.person_id) AS person_id,
  CASE WHEN p.person_id IS NULL THEN e.display_name ELSE p.display_name END AS display_name,
  CASE WHEN p.person_id IS NULL THEN e.employee_number ELSE p.employee_number END
    AS employee_number,
  CASE WHEN p.person_id IS NULL THEN e.status ELSE p.status END AS status,
  CASE WHEN p.person_id IS NULL THEN e.departed_at ELSE p.departed_at END AS departed_at,
  -- As the newest audit read them, so that a change between two audits shows in the next one.
  CASE WHEN p.person_id IS NULL OR (run.audit = FALSE AND e.person_id IS NOT NULL)
    THEN e.worker_type ELSE p.worker_type END AS worker_type,
  CASE WHEN p.person_id IS NULL OR (run.audit = FALSE AND e.person_id IS NOT NULL)
    THEN e.department ELSE p.department END AS department,
  CASE WHEN p.person_id IS NULL OR (run.audit = FALSE AND e.person_id IS NOT NULL)
    THEN e.title ELSE p.title END AS title,
  CASE WHEN p.person_id IS NULL OR (run.audit = FALSE AND e.person_id IS NOT NULL)
    THEN e.manager_id ELSE p.manager_id END AS manager_id,
  COALESCE(e.first_seen_at, s.started_at) AS first_seen_at,
  COALESCE(e.first_seen_run, run.run) AS first_seen_run,
  CASE WHEN p.person_id IS NULL THEN e.last_seen_at ELSE s.started_at END AS last_seen_at,
  CASE WHEN p.person_id IS NULL THEN e.last_seen_run ELSE run.run END AS last_seen_run,
  -- These two bound a departure that the HRIS does not date.
  CASE WHEN p.status IN ('active', 'on_leave', 'pending') THEN s.started_at
    ELSE e.last_employed_at END AS last_employed_at,
  CASE WHEN p.status IN ('active', 'on_leave', 'pending') THEN s.started_due_at
    ELSE e.last_employed_due_at END AS last_employed_due_at,
  CASE
    WHEN p.status IN ('active', 'on_leave', 'pending') THEN NULL
    WHEN p.status = 'terminated' THEN COALESCE(e.first_terminated_at, s.ended_at)
    ELSE e.first_terminated_at
  END AS first_terminated_at,
  CASE
    WHEN p.status IN ('active', 'on_leave', 'pending') THEN NULL
    WHEN p.status = 'terminated' THEN COALESCE(e.first_terminated_due_at, s.ended_due_at)
    ELSE e.first_terminated_due_at
  END AS first_terminated_due_at,
  CASE
    WHEN p.person_id IS NOT NULL THEN NULL
    WHEN s.state = 'COMPLETE' THEN COALESCE(e.gone_at, s.ended_at)
    ELSE e.gone_at
  END AS gone_at
FROM earlier_people AS e
FULL JOIN (
  SELECT people.* FROM people
  JOIN sources ON sources.source = people.source AND sources.state = 'COMPLETE'
) AS p ON p.source = e.source AND p.person_id = e.person_id
LEFT JOIN sources AS s ON s.source = COALESCE(p.source, e.source)
CROSS JOIN run
