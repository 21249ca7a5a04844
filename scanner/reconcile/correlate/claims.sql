SELECT
  -- Every row is one thing known of an account; the first says only that there is one.
  a.source, a.account_id, 'account' AS claim, CAST(NULL AS INT) AS priority,
  CAST(NULL AS STRING) AS identity, CAST(NULL AS STRING) AS governing_source,
  CAST(NULL AS STRING) AS governing_id, FALSE AS departed
FROM accounts AS a
JOIN concluded AS c ON c.source = a.source
UNION ALL
SELECT
  source, account_id,
  CASE WHEN strength = 'weak' THEN 'weak' WHEN issued THEN 'issued' ELSE 'strong' END,
  priority, identity, governing_source, governing_id, departed
FROM matches
UNION ALL
SELECT source, account_id, 'weak_key_shared', NULL, NULL, NULL, NULL, FALSE FROM weak_claims
UNION ALL
SELECT source, account_id, 'name_contradicts', NULL, NULL, NULL, NULL, FALSE
FROM name_contradictions
