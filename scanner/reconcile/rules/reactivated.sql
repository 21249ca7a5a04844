SELECT
  app, account_id, person_source, person_id, days_since_departure, basis, earliest_at, latest_at
FROM reactivations
