SELECT
  -- Every row is one thing known of an account.
  source, account_id, CASE WHEN weak THEN 'weak' WHEN issued THEN 'issued' ELSE 'strong' END
    AS claim, rule, person_number, departed
FROM matches
UNION ALL
SELECT
  source, account_id, 'weak_key_shared', CAST(NULL AS INT), CAST(NULL AS BIGINT), FALSE
FROM weak_claims
UNION ALL
SELECT source, account_id, 'name_contradicts', NULL, NULL, FALSE
FROM name_contradictions
