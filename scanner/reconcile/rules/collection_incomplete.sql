SELECT
  source AS app, CAST(NULL AS STRING) AS account_id, CAST(NULL AS STRING) AS person_source,
  CAST(NULL AS STRING) AS person_id, CAST(NULL AS STRING) AS group_id,
  CAST(NULL AS STRING) AS direction, CAST(NULL AS STRING) AS basis,
  CAST(NULL AS BIGINT) AS days_since_departure
FROM sources
WHERE state <> 'COMPLETE'
UNION
-- A group that an entitlement names, where it or the group it mirrors could not be concluded.
SELECT
  e.source, CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), e.group_named,
  CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS BIGINT)
FROM entitlement_groups AS e
JOIN sources AS s ON s.source = e.source AND s.state = 'COMPLETE'
JOIN entitlement_groups AS either_side
  ON either_side.entitlement = e.entitlement AND either_side.problem IS NOT NULL
WHERE e.side = 'app'
