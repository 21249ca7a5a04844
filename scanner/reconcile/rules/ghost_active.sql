SELECT
  app, account_id, person_source, person_id, CAST(NULL AS STRING) AS group_id,
  CAST(NULL AS STRING) AS direction, CAST(NULL AS STRING) AS basis, days_since_departure
FROM owned_accounts
WHERE active = TRUE AND departed = TRUE AND past_due = TRUE
