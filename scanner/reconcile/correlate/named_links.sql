SELECT a.source, a.account_id, a.person_named, p.person_source, p.person_id
FROM (
  SELECT a.source, a.account_id, l.person_named, l.person_key
  FROM links AS l JOIN accounts AS a ON a.source = l.app AND a.account_id = l.account_named
  UNION
  SELECT a.source, a.account_id, l.person_named, l.person_key
  FROM links AS l JOIN accounts AS a ON a.source = l.app AND a.user_name_key = l.account_key
) AS a
LEFT JOIN (
  SELECT source AS person_source, person_id, person_id_key AS person_key FROM people
  UNION
  SELECT source, person_id, address FROM person_addresses
) AS p ON p.person_key = a.person_key
