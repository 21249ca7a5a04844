SELECT
  n.source, n.account_id, MAX(n.active) AS active, MIN(p.person_number) AS person_number,
  CASE
    WHEN COUNT(p.person_number) < COUNT(*) THEN 'link_unknown'
    WHEN MIN(p.person_number) <> MAX(p.person_number) THEN 'several_people'
  END AS problem
FROM named_links AS n
JOIN concluded AS c ON c.source = n.source
LEFT JOIN people_as_of AS p ON p.source = n.person_source AND p.person_id = n.person_id
GROUP BY n.source, n.account_id
