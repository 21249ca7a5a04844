SELECT
  p.source, p.person_id, COALESCE(k.first_place, p.source || ':' || p.person_id) AS identity,
  -- Records that hang together over more than four steps: who is who cannot be told.
  loose.first_place IS NOT NULL AS entangled
FROM people AS p
LEFT JOIN kinship_4 AS k ON k.place = p.source || ':' || p.person_id
LEFT JOIN (
  SELECT DISTINCT k.first_place
  FROM kinship_4 AS k
  JOIN shared_traits AS t ON t.place = k.place
  JOIN shared_traits AS u ON u.evidence = t.evidence AND u.one = t.one AND u.other = t.other
  JOIN kinship_4 AS v ON v.place = u.place AND v.first_place <> k.first_place
) AS loose ON loose.first_place = k.first_place
