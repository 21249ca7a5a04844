SELECT
  app, account_id, person_source, person_id, days_since_departure, basis, earliest_at, latest_at,
  hours_over_min, hours_over_max
FROM removals
WHERE verdict = 'indeterminate'
  -- What was off before anybody looked is counted as not known; no run can say more of it.
  AND (earliest_at IS NOT NULL OR seen_from_the_first = FALSE)
