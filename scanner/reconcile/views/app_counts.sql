SELECT
  a.source AS app, COUNT(*) AS accounts,
  COUNT(CASE WHEN a.active = TRUE THEN 1 END) AS active,
  COUNT(CASE WHEN a.active = TRUE AND a.last_activity_at IS NOT NULL THEN 1 END) AS with_activity,
  COUNT(CASE WHEN s.situation = 'linked' THEN 1 END) AS linked,
  COUNT(CASE WHEN s.situation = 'unmatched' THEN 1 END) AS unmatched,
  COUNT(CASE WHEN s.situation = 'disputed' THEN 1 END) AS disputed
FROM accounts AS a
LEFT JOIN situations AS s ON s.source = a.source AND s.account_id = a.account_id
GROUP BY a.source
