SELECT
  -- Numbers that stand in two records, of one person or of two.
  employee_number_key
FROM people
GROUP BY employee_number_key
HAVING COUNT(*) > 1
