SELECT
  app, account_id, person_source, person_id, days_since_departure, basis, earliest_at, latest_at,
  hours_over_min, hours_over_max
FROM removals
WHERE verdict = 'indeterminate'
