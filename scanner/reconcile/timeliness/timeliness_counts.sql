SELECT app, verdict, COUNT(*) AS accounts
FROM (
  SELECT app, verdict FROM removals
  UNION ALL
  SELECT app, CASE WHEN past_due = TRUE THEN 'still_active' ELSE 'pending' END
  FROM owned_accounts
  WHERE active = TRUE AND departed = TRUE
) AS judged
GROUP BY app, verdict
