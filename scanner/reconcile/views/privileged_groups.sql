SELECT DISTINCT g.source AS app, g.group_id
FROM groups AS g
JOIN privileged_names AS n ON n.source = g.source AND n.resource = 'group'
WHERE g.group_id_key LIKE n.pattern ESCAPE '!' OR g.display_name_key LIKE n.pattern ESCAPE '!'
