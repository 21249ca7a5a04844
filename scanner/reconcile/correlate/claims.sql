SELECT
  -- Every row is one thing known of an account; the first says only that there is one.
  a.source, a.account_id, a.active, 'account' AS claim, CAST(NULL AS INT) AS rule,
  CAST(NULL AS BIGINT) AS person_number, FALSE AS departed
FROM accounts AS a
JOIN concluded AS c ON c.source = a.source
UNION ALL
SELECT
  source, account_id, CAST(NULL AS BOOLEAN),
  CASE WHEN weak THEN 'weak' WHEN issued THEN 'issued' ELSE 'strong' END, rule, person_number,
  departed
FROM matches
UNION ALL
SELECT source, account_id, CAST(NULL AS BOOLEAN), 'weak_key_shared', NULL, NULL, FALSE
FROM weak_claims
UNION ALL
SELECT source, account_id, CAST(NULL AS BOOLEAN), 'name_contradicts', NULL, NULL, FALSE
FROM name_contradictions
