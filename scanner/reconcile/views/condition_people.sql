SELECT p.person_number, f.field, f.field_value
FROM person_fields AS f
JOIN (
  -- Many entitlements ask for the same.
  SELECT DISTINCT field, field_value FROM entitlement_conditions
) AS c ON c.field = f.field AND c.field_value = f.field_value
JOIN governing_people AS p ON p.person_source = f.person_source AND p.person_id = f.person_id
