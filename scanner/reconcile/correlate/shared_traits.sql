SELECT DISTINCT t.place, t.evidence, t.one, t.other
FROM person_traits AS t
JOIN (
  SELECT evidence, one, other
  FROM person_traits
  GROUP BY evidence, one, other
  HAVING MIN(place) <> MAX(place)
) AS shared ON shared.evidence = t.evidence AND shared.one = t.one AND shared.other = t.other
