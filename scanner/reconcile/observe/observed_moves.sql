SELECT DISTINCT
  app AS source, account_id, person_source, person_id, group_id, field, former_value
FROM mover_drift
UNION
-- Where nothing could be concluded this time, what was known stays known.
SELECT e.source, e.account_id, e.person_source, e.person_id, e.group_id, e.field, e.former_value
FROM earlier_moves AS e
LEFT JOIN sources AS s ON s.source = e.source AND s.groups_state = 'COMPLETE'
LEFT JOIN concluded AS c ON c.source = e.source
WHERE s.source IS NULL OR c.source IS NULL
