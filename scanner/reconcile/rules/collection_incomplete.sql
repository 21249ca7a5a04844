SELECT source AS app, CAST(NULL AS STRING) AS group_id
FROM sources
WHERE state <> 'COMPLETE'
UNION
-- A group that an entitlement names, and in which it could not be concluded who is expected.
SELECT w.app, w.group_named
FROM withheld_groups AS w
JOIN sources AS s ON s.source = w.app AND s.state = 'COMPLETE'
