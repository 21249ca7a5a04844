SELECT
  f.source AS app, f.source AS person_source, f.person_id,
  SUBSTRING(
    MAX(CASE WHEN f.problem = 'backdated_departure' THEN ',backdated_departure' ELSE '' END)
    || MAX(CASE WHEN f.problem = 'contractor_open_ended' THEN ',contractor_open_ended' ELSE '' END)
    || MAX(CASE WHEN f.problem = 'departed_before_hired' THEN ',departed_before_hired' ELSE '' END)
    || MAX(CASE WHEN f.problem = 'departed_but_employed' THEN ',departed_but_employed' ELSE '' END)
    || MAX(CASE WHEN f.problem = 'departure_missing' THEN ',departure_missing' ELSE '' END)
    || MAX(CASE WHEN f.problem = 'missing_now' THEN ',missing_now' ELSE '' END)
    || MAX(CASE WHEN f.problem = 'records_entangled' THEN ',records_entangled' ELSE '' END)
    || MAX(CASE WHEN f.problem = 'shared_key' THEN ',shared_key' ELSE '' END)
    || MAX(CASE WHEN f.problem = 'status_unknown' THEN ',status_unknown' ELSE '' END),
    2
  ) AS problem
FROM (
  SELECT source, person_id, problem FROM record_flaws
  UNION ALL
  -- Known from an earlier complete reading, not as departed, and not in this one.
  SELECT source, person_id, 'missing_now'
  FROM observed_people
  WHERE gone_at IS NOT NULL AND status <> 'terminated'
) AS f
JOIN sources AS s ON s.source = f.source AND s.role = 'hris' AND s.state = 'COMPLETE'
GROUP BY f.source, f.person_id
