SELECT
  -- One record per person: employment beats its end, a later departure beats an earlier one.
  identity, ROW_NUMBER() OVER (ORDER BY identity) AS person_number, source, person_id, departed_at,
  removal_due_at, standing >= 6 AND entangled = FALSE AS departed
FROM (
  SELECT
    i.identity, r.source, r.person_id, r.departed_at, r.removal_due_at, r.standing, i.entangled,
    ROW_NUMBER() OVER (
      PARTITION BY i.identity
      ORDER BY r.standing, r.departed_at DESC NULLS LAST, r.hired_at DESC NULLS LAST,
        r.source, r.person_id
    ) AS place
  FROM record_as_of AS r
  JOIN identities AS i ON i.source = r.source AND i.person_id = r.person_id
) AS ranked
WHERE place = 1
