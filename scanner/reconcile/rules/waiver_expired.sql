SELECT
  app, account_id, group_id,
  CONCAT_WS(',', MAX(expired), MAX(not_in_force), MAX(not_waivable), MAX(unused)) AS problem
FROM (
  SELECT
    w.app, COALESCE(f.account_id, w.account_id) AS account_id,
    COALESCE(f.group_id, w.group_id) AS group_id,
    CASE WHEN w.expires_at <= run.as_of THEN 'expired' END AS expired,
    CASE WHEN w.approved_at > run.as_of THEN 'not_in_force' END AS not_in_force,
    CASE WHEN f.kind = 'collection_incomplete' THEN 'not_waivable' END AS not_waivable,
    CASE WHEN f.line IS NULL AND s.source IS NOT NULL THEN 'unused' END AS unused
  FROM waivers AS w
  CROSS JOIN run
  LEFT JOIN waived_findings AS f ON f.line = w.line
  -- A finding that could not be made in this run says nothing against its waiver.
  LEFT JOIN waiver_sources AS s ON s.line = w.line
) AS held
WHERE COALESCE(expired, not_in_force, not_waivable, unused) IS NOT NULL
GROUP BY app, account_id, group_id
