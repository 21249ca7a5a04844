SELECT
  n.source, n.account_id, MIN(d.identity) AS identity,
  MIN(d.governing_source) AS governing_source, MIN(d.governing_id) AS governing_id,
  CASE
    WHEN COUNT(d.identity) < COUNT(*) THEN 'link_unknown'
    WHEN MIN(d.identity) <> MAX(d.identity) THEN 'several_people'
  END AS problem
FROM named_links AS n
JOIN concluded AS c ON c.source = n.source
LEFT JOIN people_as_of AS d ON d.source = n.person_source AND d.person_id = n.person_id
GROUP BY n.source, n.account_id
