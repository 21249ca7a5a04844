SELECT DISTINCT
  -- Accounts that share a word of their name with the departed person an issued key leads to.
  a.source, a.account_id, p.person_number
FROM (
  SELECT m.source, m.account_id, m.person_number, explode(a.name_keys) AS word
  FROM matches AS m
  JOIN accounts AS a ON a.source = m.source AND a.account_id = m.account_id
  WHERE m.issued = TRUE AND m.departed = TRUE
) AS a
JOIN (
  SELECT person_number, explode(name_keys) AS word FROM departed_people
) AS p ON p.person_number = a.person_number AND p.word = a.word
