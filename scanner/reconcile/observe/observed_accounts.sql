SELECT
  n.source, n.account_id, COALESCE(n.sighting, n.earlier_sighting) AS sighting,
  COALESCE(n.user_name, n.earlier_user_name) AS user_name,
  COALESCE(n.display_name, n.earlier_display_name) AS display_name,
  COALESCE(n.first_seen_at, n.started_at) AS first_seen_at,
  COALESCE(n.first_seen_run, run.run) AS first_seen_run,
  -- A reading takes time: what it saw was true after its start and before its end.
  CASE WHEN n.sighting = 'active' THEN n.started_at ELSE n.last_active_at END AS last_active_at,
  CASE WHEN n.sighting = 'active' THEN run.run ELSE n.last_active_run END AS last_active_run,
  CASE WHEN n.sighting IN ('inactive', 'gone') THEN n.started_at ELSE n.last_inactive_at END
    AS last_inactive_at,
  CASE WHEN n.sighting IN ('inactive', 'gone') THEN run.run ELSE n.last_inactive_run END
    AS last_inactive_run,
  CASE
    WHEN n.sighting = 'active' THEN NULL
    WHEN n.sighting IN ('inactive', 'gone') THEN COALESCE(n.first_inactive_at, n.ended_at)
    ELSE n.first_inactive_at
  END AS first_inactive_at,
  CASE
    WHEN n.sighting = 'active' THEN NULL
    WHEN n.sighting IN ('inactive', 'gone') THEN COALESCE(n.first_inactive_run, run.run)
    ELSE n.first_inactive_run
  END AS first_inactive_run,
  CASE
    WHEN n.sighting IN ('inactive', 'gone') THEN NULL
    WHEN n.sighting = 'active' AND n.first_inactive_at IS NOT NULL THEN n.ended_at
    ELSE n.reactivated_at
  END AS reactivated_at,
  CASE
    WHEN n.sighting IN ('inactive', 'gone') THEN NULL
    WHEN n.sighting = 'active' AND n.first_inactive_at IS NOT NULL THEN run.run
    ELSE n.reactivated_run
  END AS reactivated_run,
  CASE
    WHEN n.sighting IS NULL THEN n.gone_at
    WHEN n.sighting = 'gone' THEN COALESCE(n.gone_at, n.ended_at)
  END AS gone_at,
  n.person_source, n.person_id,
  -- Each removal is judged once: by the first audit that concludes about it and its person.
  CASE
    WHEN n.sighting = 'active' THEN NULL
    WHEN run.audit = TRUE AND n.concluded = TRUE AND n.sighting IN ('inactive', 'gone')
     AND p.departed = TRUE THEN COALESCE(n.concluded_run, run.run)
    ELSE n.concluded_run
  END AS concluded_run
FROM account_sightings AS n
LEFT JOIN departed_people AS p ON p.source = n.person_source AND p.person_id = n.person_id
CROSS JOIN run
