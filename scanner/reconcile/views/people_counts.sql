SELECT source, COUNT(*) AS people, COUNT(CASE WHEN departed = TRUE THEN 1 END) AS departed
FROM people_as_of
GROUP BY source
