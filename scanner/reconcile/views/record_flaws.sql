SELECT p.source, p.person_id, 'backdated_departure' AS problem
FROM people AS p WHERE p.status = 'terminated' AND p.recorded_at > p.departed_at
UNION ALL
SELECT p.source, p.person_id, 'contractor_open_ended'
FROM people AS p JOIN external_worker_types AS w ON w.worker_type_key = p.worker_type_key
JOIN dated_sources AS d ON d.source = p.source
WHERE p.status IN ('active', 'on_leave', 'pending') AND p.departed_at IS NULL
UNION ALL
SELECT p.source, p.person_id, 'departed_before_hired'
FROM people AS p CROSS JOIN run
WHERE p.status = 'terminated' AND p.hired_at > p.departed_at AND p.hired_at <= run.as_of
UNION ALL
-- An engagement that is over is a finding of its own.
SELECT p.source, p.person_id, 'departed_but_employed'
FROM people AS p CROSS JOIN run
LEFT JOIN external_worker_types AS w ON w.worker_type_key = p.worker_type_key
WHERE p.status IN ('active', 'on_leave') AND p.departed_at <= run.as_of
  AND (p.hired_at IS NULL OR p.hired_at <= p.departed_at) AND w.worker_type_key IS NULL
UNION ALL
SELECT p.source, p.person_id, 'departure_missing'
FROM people AS p JOIN dated_sources AS d ON d.source = p.source
WHERE p.status = 'terminated' AND p.departed_at IS NULL
UNION ALL
SELECT source, person_id, 'records_entangled' FROM people_as_of WHERE entangled = TRUE
UNION ALL
SELECT DISTINCT k.person_source, k.person_id, 'shared_key'
FROM known_keys AS k
JOIN shared_keys AS s ON s.key = k.key AND s.key_value = k.key_value
UNION ALL
SELECT source, person_id, 'status_unknown' FROM people WHERE status = 'unknown'
