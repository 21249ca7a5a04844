SELECT
  d.app, d.account_id, d.person_source, d.person_id, d.group_id, d.direction, d.basis, d.problem,
  d.via, d.direction = 'unexpected' AND p.group_id IS NOT NULL AS privileged
FROM (
  SELECT
    app, account_id, person_source, person_id, group_id, direction, basis,
    CAST(NULL AS STRING) AS problem, via
  FROM rule_drift
  UNION ALL
  SELECT
    app, account_id, person_source, person_id, group_id, direction, 'baseline',
    CAST(NULL AS STRING), via
  FROM baseline_drift
  UNION ALL
  SELECT
    app, account_id, person_source, person_id, group_id, 'unexpected', CAST(NULL AS STRING),
    'mover', via
  FROM mover_drift
  UNION ALL
  SELECT
    app, account_id, person_source, person_id, group_id, 'unexpected', CAST(NULL AS STRING),
    'inactive_account', via
  FROM inactive_drift
) AS d
LEFT JOIN privileged_groups AS p ON p.app = d.app AND p.group_id = d.group_id
