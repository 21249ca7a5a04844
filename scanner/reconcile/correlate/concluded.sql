SELECT app.source
FROM sources AS app
WHERE app.role <> 'hris'
  AND app.state = 'COMPLETE'
  -- One HRIS that is not complete withholds every conclusion: the missing person may be in it.
  AND NOT EXISTS (
    SELECT 1 FROM sources AS hris WHERE hris.role = 'hris' AND hris.state <> 'COMPLETE'
  )
