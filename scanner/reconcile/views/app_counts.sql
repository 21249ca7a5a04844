SELECT
  a.app, a.accounts, a.active, a.with_activity, COALESCE(s.linked, 0) AS linked,
  COALESCE(s.unmatched, 0) AS unmatched, COALESCE(s.disputed, 0) AS disputed
FROM (
  SELECT
    source AS app, COUNT(*) AS accounts, COUNT(CASE WHEN active = TRUE THEN 1 END) AS active,
    COUNT(CASE WHEN active = TRUE AND last_activity_at IS NOT NULL THEN 1 END) AS with_activity
  FROM accounts
  GROUP BY source
) AS a
LEFT JOIN (
  SELECT
    source, COUNT(CASE WHEN situation = 'linked' THEN 1 END) AS linked,
    COUNT(CASE WHEN situation = 'unmatched' THEN 1 END) AS unmatched,
    COUNT(CASE WHEN situation = 'disputed' THEN 1 END) AS disputed
  FROM situations
  GROUP BY source
) AS s ON s.source = a.app
