SELECT
  n.line,
  CASE
    WHEN n.owner_named IS NULL THEN 'no_owner'
    WHEN COUNT(p.person_id) = 0 THEN 'owner_unknown'
    WHEN COUNT(CASE WHEN p.departed = FALSE THEN 1 END) = 0 THEN 'owner_departed'
  END AS problem
FROM nonhuman AS n
LEFT JOIN person_keys AS k ON k.key_value = n.owner_key AND k.key IN ('external_id', 'email')
LEFT JOIN people_as_of AS p ON p.source = k.person_source AND p.person_id = k.person_id
GROUP BY n.line, n.owner_named
