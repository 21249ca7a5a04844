SELECT
  -- Memberships from before a move, and what is still kept of earlier moves.
  e.source AS app, e.member_id AS account_id, e.group_id, p.field, p.field_value, p.former_value
FROM moved_people AS p
JOIN owned_accounts AS a ON a.person_source = p.person_source AND a.person_id = p.person_id
JOIN earlier_memberships AS e
  ON e.source = a.app AND e.member_id = a.account_id AND e.member_type = 'User'
UNION ALL
SELECT app, account_id, group_id, field, field_value, former_value FROM past_moves
