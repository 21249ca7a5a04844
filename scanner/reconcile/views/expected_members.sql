SELECT
  e.app, e.group_id, MIN(e.basis) AS basis, e.person_source, e.person_id,
  -- Null where membership is allowed but not demanded: not at work, or no active account here.
  MIN(CASE WHEN o.status = 'active' AND o.active THEN o.account_id END) AS account_id
FROM expected_people AS e
LEFT JOIN owned_accounts AS o
  ON o.app = e.app AND o.person_source = e.person_source AND o.person_id = e.person_id
GROUP BY e.app, e.group_id, e.person_source, e.person_id
