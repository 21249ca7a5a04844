SELECT app, account_id, person_source, person_id, days_since_departure
FROM owned_accounts
WHERE active = TRUE AND departed = TRUE AND past_due = TRUE
