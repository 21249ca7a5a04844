SELECT source AS app, CAST(NULL AS STRING) AS group_id
FROM sources
WHERE state <> 'COMPLETE'
UNION
-- A group that an entitlement names, where it or the group it mirrors could not be concluded.
SELECT e.source, e.group_named
FROM entitlement_groups AS e
JOIN sources AS s ON s.source = e.source AND s.state = 'COMPLETE'
JOIN entitlement_groups AS either_side
  ON either_side.entitlement = e.entitlement AND either_side.problem IS NOT NULL
WHERE e.side = 'app'
