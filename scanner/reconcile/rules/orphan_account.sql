SELECT
  a.source AS app, a.account_id, CAST(NULL AS STRING) AS person_source,
  CAST(NULL AS STRING) AS person_id, CAST(NULL AS STRING) AS group_id,
  CAST(NULL AS STRING) AS direction, CAST(NULL AS STRING) AS basis,
  CAST(NULL AS BIGINT) AS days_since_departure
FROM accounts AS a
JOIN situations AS s ON s.source = a.source AND s.account_id = a.account_id
WHERE a.active = TRUE AND s.situation = 'unmatched'
