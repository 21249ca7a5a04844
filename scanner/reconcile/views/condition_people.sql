SELECT DISTINCT f.person_source, f.person_id, f.field, f.field_value
FROM person_fields AS f
JOIN entitlement_conditions AS c ON c.field = f.field AND c.field_value = f.field_value
