SELECT
  source, account_id, MIN(priority) AS priority, MIN(identity) AS identity,
  MIN(governing_source) AS governing_source, MIN(governing_id) AS governing_id,
  CASE
    -- Every key is tried, also after one has matched: two people named is a dispute.
    WHEN MIN(identity) <> MAX(identity) THEN 'several_people'
    WHEN COUNT(CASE WHEN claim IN ('issued', 'strong') THEN 1 END) = 0 THEN
      -- A weak key is good enough to say that an account has an owner, not that the owner left.
      CASE
        WHEN COUNT(CASE WHEN claim = 'weak_key_shared' THEN 1 END) > 0 THEN 'weak_key_shared'
        WHEN COUNT(CASE WHEN departed THEN 1 END) > 0 THEN 'weak_key'
      END
    WHEN COUNT(CASE WHEN claim = 'strong' THEN 1 END) = 0
     AND COUNT(CASE WHEN claim = 'name_contradicts' THEN 1 END) > 0 THEN 'name_contradicts'
  END AS problem
FROM claims
GROUP BY source, account_id
