SELECT
  app, account_id, person_source, person_id, days_since_departure, earliest_at, latest_at, basis,
  seen_from_the_first,
  CASE
    WHEN earliest_at > due_until THEN 'late'
    WHEN latest_at <= due_from THEN 'within'
    ELSE 'indeterminate'
  END AS verdict,
  -- Rounded outwards, so that the true figure lies between the two.
  CASE WHEN earliest_at > due_until THEN whole_hours(due_until, earliest_at) ELSE 0 END
    AS hours_over_min,
  CASE
    WHEN latest_at > due_from THEN whole_hours(due_from, latest_at - INTERVAL '1' MICROSECOND) + 1
    WHEN latest_at <= due_from THEN 0
  END AS hours_over_max
FROM removal_bounds
