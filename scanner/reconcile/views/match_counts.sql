SELECT matched_by, COUNT(*) AS accounts
FROM situations
WHERE situation = 'linked'
GROUP BY matched_by
