SELECT
  s.source AS app, s.account_id, s.active, p.person_number, p.person_source, p.person_id, p.status,
  p.departed, p.past_due, p.days_since_departure
FROM situations AS s
JOIN governing_people AS p ON p.person_number = s.person_number
WHERE s.situation = 'linked'
