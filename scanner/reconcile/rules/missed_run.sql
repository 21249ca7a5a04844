SELECT '' AS app, problem, earliest_at, latest_at
FROM missed_runs
