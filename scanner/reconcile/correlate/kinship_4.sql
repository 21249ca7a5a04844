SELECT
  -- The first record, in order, that can be reached over at most 4 shared traits.
  t.place, MIN(reached.first_place) AS first_place
FROM shared_traits AS t
JOIN (
  SELECT s.evidence, s.one, s.other, MIN(k.first_place) AS first_place
  FROM shared_traits AS s JOIN kinship_3 AS k ON k.place = s.place
  GROUP BY s.evidence, s.one, s.other
) AS reached
  ON reached.evidence = t.evidence AND reached.one = t.one AND reached.other = t.other
GROUP BY t.place
