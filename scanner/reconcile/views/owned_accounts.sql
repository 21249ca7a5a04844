SELECT
  a.source AS app, a.account_id, a.active, p.source AS person_source, p.person_id, p.status,
  p.departed, p.past_due, p.days_since_departure
FROM situations AS s
JOIN accounts AS a ON a.source = s.source AND a.account_id = s.account_id
JOIN people_as_of AS p ON p.source = s.person_source AND p.person_id = s.person_id
WHERE s.situation = 'linked'
