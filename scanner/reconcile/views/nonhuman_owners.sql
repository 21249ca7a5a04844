SELECT
  n.line,
  CASE
    WHEN n.owner_named IS NULL THEN 'no_owner'
    WHEN COUNT(k.person_id) = 0 THEN 'owner_unknown'
    WHEN COUNT(CASE WHEN k.departed = FALSE THEN 1 END) = 0 THEN 'owner_departed'
  END AS problem
FROM nonhuman AS n
LEFT JOIN known_keys AS k ON k.key_value = n.owner_key AND k.key IN ('external_id', 'email')
GROUP BY n.line, n.owner_named
