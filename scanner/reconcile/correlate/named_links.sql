SELECT a.source, a.account_id, a.active, a.person_named, p.person_source, p.person_id
FROM named_accounts AS a
LEFT JOIN (
  SELECT source AS person_source, person_id, person_id_key AS person_key FROM people
  UNION
  SELECT source, person_id, address FROM person_addresses
) AS p ON p.person_key = a.person_key
