SELECT
  -- What is in a reading that is complete, and whom it belongs to.
  a.source, a.account_id, a.active, a.user_name, a.display_name, o.person_source, o.person_id
FROM accounts AS a
JOIN sources AS s ON s.source = a.source AND s.state = 'COMPLETE'
LEFT JOIN situations AS o ON o.source = a.source AND o.account_id = a.account_id
