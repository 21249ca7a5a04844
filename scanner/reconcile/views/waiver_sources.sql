SELECT w.line, s.source
FROM waivers AS w
JOIN sources AS s ON s.source = w.app
LEFT JOIN concluded AS c ON c.source = w.app
WHERE (c.source IS NOT NULL OR (s.role = 'hris' AND s.state = 'COMPLETE'))
  -- An id alone does not tell whether the finding needs groups.
  AND (s.groups_state = 'COMPLETE' OR s.role = 'hris'
       OR (w.kind IS NOT NULL AND w.group_id IS NULL))
