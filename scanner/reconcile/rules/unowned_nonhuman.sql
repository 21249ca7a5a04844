SELECT
  app, account_id, MAX(CASE WHEN privileged THEN 1 END) = 1 AS privileged,
  CONCAT_WS(
    ',', MAX(absent), MAX(inactive), MAX(CASE WHEN owner = 'no_owner' THEN owner END),
    MAX(CASE WHEN owner = 'owner_departed' THEN owner END),
    MAX(CASE WHEN owner = 'owner_unknown' THEN owner END), MAX(overdue)
  ) AS problem
FROM (
  SELECT
    n.app, COALESCE(r.account_id, n.account_named) AS account_id, o.problem AS owner,
    pa.account_id IS NOT NULL AS privileged,
    CASE WHEN r.account_id IS NULL THEN 'absent' END AS absent,
    CASE WHEN n.type = 'break_glass' AND r.active = FALSE THEN 'inactive' END AS inactive,
    CASE WHEN n.review_due_at <= run.as_of THEN 'review_overdue' END AS overdue
  FROM nonhuman AS n
  JOIN concluded AS c ON c.source = n.app
  JOIN nonhuman_owners AS o ON o.line = n.line
  LEFT JOIN registered_accounts AS r ON r.line = n.line
  LEFT JOIN privileged_accounts AS pa ON pa.app = r.app AND pa.account_id = r.account_id
  CROSS JOIN run
  -- An inactive account needs no owner; only a break-glass account has to be ready for use.
  WHERE r.account_id IS NULL OR r.active = TRUE OR n.type = 'break_glass'
) AS registered
WHERE COALESCE(absent, inactive, owner, overdue) IS NOT NULL
GROUP BY app, account_id
