SELECT
  a.source, a.account_id, a.active, f.rule, f.person_number, f.problem
FROM accounts AS a
JOIN concluded AS c ON c.source = a.source
LEFT JOIN (
  SELECT
    source, account_id, MIN(rule) AS rule, MIN(person_number) AS person_number,
    CASE
      -- Every key is tried, also after one has matched: two people named is a dispute.
      WHEN MIN(person_number) <> MAX(person_number) THEN 'several_people'
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
) AS f ON f.source = a.source AND f.account_id = a.account_id
