SELECT
  app, group_id, MIN(basis) AS basis, person_number,
  -- Null where membership is allowed but not demanded: not at work, or no active account here.
  MIN(CASE WHEN demanded THEN account_id END) AS account_id
FROM expected_accounts
GROUP BY app, group_id, person_number
