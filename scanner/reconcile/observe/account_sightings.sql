SELECT
  COALESCE(a.source, e.source) AS source, COALESCE(a.account_id, e.account_id) AS account_id,
  -- Only a complete reading sees anything; an account that it does not have is gone.
  CASE
    WHEN s.state IS NULL OR s.state <> 'COMPLETE' THEN NULL
    WHEN a.account_id IS NULL THEN 'gone'
    WHEN a.active = TRUE THEN 'active'
    WHEN a.active = FALSE THEN 'inactive'
    ELSE 'unknown'
  END AS sighting,
  s.started_at, s.ended_at, c.source IS NOT NULL AS concluded,
  a.user_name, a.display_name,
  -- What is gone, or is not concluded about now, belongs to whom it last belonged.
  CASE WHEN c.source IS NOT NULL AND a.account_id IS NOT NULL THEN a.person_source
    ELSE e.person_source END AS person_source,
  CASE WHEN c.source IS NOT NULL AND a.account_id IS NOT NULL THEN a.person_id
    ELSE e.person_id END AS person_id,
  e.sighting AS earlier_sighting, e.user_name AS earlier_user_name,
  e.display_name AS earlier_display_name, e.first_seen_at, e.first_seen_run,
  e.last_active_at, e.last_active_run, e.last_inactive_at, e.last_inactive_run,
  e.first_inactive_at, e.first_inactive_run, e.reactivated_at, e.reactivated_run,
  e.gone_at, e.concluded_run
FROM earlier_accounts AS e
FULL JOIN complete_accounts AS a ON a.source = e.source AND a.account_id = e.account_id
LEFT JOIN sources AS s ON s.source = COALESCE(a.source, e.source)
LEFT JOIN concluded AS c ON c.source = COALESCE(a.source, e.source)
