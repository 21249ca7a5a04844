SELECT DISTINCT
  -- Accounts that share a word of their name with the departed person an issued key leads to.
  a.source, a.account_id, p.person_number
FROM (
  SELECT source, account_id, person_number, explode(name_keys) AS word FROM issued_claims
) AS a
JOIN (
  SELECT person_number, explode(name_keys) AS word FROM departed_people
) AS p ON p.person_number = a.person_number AND p.word = a.word
