SELECT DISTINCT source
FROM people
-- An HRIS that dates nobody shows no dates; that is no flaw of one record.
WHERE departed_at IS NOT NULL
