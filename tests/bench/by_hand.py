"""The same findings and evidence by hand in DuckDB: people once, then some apps at a time."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.bench.estate import AS_OF, HRIS, Size

APPS_AT_ONCE = 9

_PEOPLE = """
CREATE TABLE persons AS
WITH dated AS (
  SELECT *, source || ':' || person_id AS place, CASE WHEN hired_at > departed_at AND
    hired_at <= $now THEN NULL ELSE departed_at END AS gone_at
  FROM read_parquet($people)
), ranked AS (
  SELECT *, MIN(place) OVER same AS identity, CASE
    WHEN status = 'active' THEN 1 WHEN status = 'on_leave' THEN 2
    WHEN status = 'terminated' AND gone_at > $now THEN 3 WHEN status = 'pending' THEN 4
    WHEN status = 'unknown' THEN 5 WHEN gone_at IS NULL THEN 6 ELSE 7 END AS standing
  FROM dated WINDOW same AS (PARTITION BY employee_number_key, display_name_key)
)
SELECT *, standing >= 6 AS departed, gone_at IS NULL OR removal_due_at <= $now AS past_due,
  (epoch_us($now) - epoch_us(gone_at)) // 86400000000 AS days
FROM ranked
QUALIFY ROW_NUMBER() OVER (PARTITION BY identity
  ORDER BY standing, gone_at DESC NULLS LAST, hired_at DESC NULLS LAST, source, person_id) = 1;
CREATE TABLE words AS
SELECT p.identity, unnest(r.name_keys) AS word
FROM persons AS p JOIN read_parquet($people) AS r USING (employee_number_key, display_name_key);
CREATE TABLE names AS
WITH records AS (
  SELECT r.*, p.identity, p.departed
  FROM read_parquet($people) AS r JOIN persons AS p USING (employee_number_key, display_name_key)
)
SELECT DISTINCT identity, departed, kind, value FROM (
  SELECT identity, departed, 'number' AS kind, employee_number_key AS value FROM records
  UNION ALL SELECT identity, departed, 'external', unnest([person_id_key, external_id_key,
    employee_number_key]) FROM records
  UNION ALL SELECT identity, departed, 'address', unnest(email_keys) FROM records
  UNION ALL SELECT identity, departed, 'address', user_name_address FROM records
  UNION ALL SELECT identity, departed, 'word', user_name_key FROM records
    WHERE user_name_key NOT LIKE '%@%'
) WHERE value IS NOT NULL;
"""
_ACCOUNTS = """
CREATE OR REPLACE TABLE accounts AS
SELECT source AS app, account_id, user_name, display_name, active,
  privileged, last_activity_at, employee_number_key,
  external_id_key, email_keys, user_name_key, user_name_address, name_keys
FROM read_parquet($accounts);
CREATE OR REPLACE TABLE claims AS
WITH keys AS (
  SELECT app, account_id, 'number' AS kind, employee_number_key AS value FROM accounts
  UNION ALL SELECT app, account_id, 'external', external_id_key FROM accounts
  UNION ALL SELECT app, account_id, 'address', unnest(email_keys) FROM accounts
  UNION ALL SELECT app, account_id, 'address', user_name_address FROM accounts
  UNION ALL SELECT app, account_id, 'word', user_name_key FROM accounts
    WHERE user_name_key NOT LIKE '%@%'
)
SELECT k.app, k.account_id, k.kind, k.value, n.identity, n.departed
FROM keys AS k JOIN names AS n USING (kind, value);
CREATE OR REPLACE TABLE owners AS
WITH found AS (
  SELECT app, account_id, MIN(identity) AS identity, MIN(identity) <> MAX(identity) AS several,
    bool_and(kind = 'word') AS weak, bool_and(kind IN ('number', 'external', 'word')) AND
      NOT bool_and(kind = 'word') AS issued, bool_or(departed) AS departed
  FROM claims GROUP BY app, account_id
), shared AS (
  SELECT app, identity FROM claims GROUP BY app, identity
  HAVING COUNT(DISTINCT account_id) > 1
), agreeing AS (
  SELECT DISTINCT f.app, f.account_id
  FROM (SELECT f.*, unnest(a.name_keys) AS word FROM found AS f
        JOIN accounts AS a USING (app, account_id) WHERE f.issued AND f.departed) AS f
  JOIN words AS w USING (identity, word)
)
SELECT f.app, f.account_id, f.identity, f.several OR (f.weak AND (f.departed OR s.app IS NOT NULL))
  OR (f.issued AND f.departed AND g.app IS NULL) AS disputed
FROM found AS f LEFT JOIN shared AS s USING (app, identity)
LEFT JOIN agreeing AS g USING (app, account_id);
CREATE OR REPLACE TABLE owned AS
SELECT a.*, p.identity, p.source AS person_source, p.person_id, p.status, p.departed, p.past_due,
  p.days, p.gone_at, p.worker_type_key, p.department
FROM owners AS o JOIN accounts AS a USING (app, account_id) JOIN persons AS p USING (identity)
WHERE NOT o.disputed;
"""
_FINDINGS = """
CREATE OR REPLACE TABLE found AS
WITH members AS (
  SELECT m.source AS app, m.group_id, m.member_id AS account_id, m.via, g.display_name
  FROM read_parquet($memberships) AS m
  JOIN read_parquet($groups) AS g USING (source, group_id)
  WHERE m.member_type = 'User'
), governed AS (
  SELECT source AS app, group_id, CASE WHEN display_name LIKE 'Department %'
    THEN substr(display_name, 12) END AS department
  FROM read_parquet($groups)
  WHERE display_name LIKE 'Department %' OR (display_name = 'Everybody' AND source <> 'app00')
), actual AS (
  SELECT m.app, m.group_id, o.identity, MIN(o.account_id) AS account_id
  FROM members AS m JOIN governed AS g USING (app, group_id)
  JOIN owned AS o USING (app, account_id) WHERE NOT o.departed GROUP BY ALL
), expected AS (
  SELECT g.app, g.group_id, o.identity,
    MIN(CASE WHEN o.status = 'active' AND o.active THEN o.account_id END) AS account_id
  FROM governed AS g JOIN owned AS o ON o.app = g.app AND (o.department = g.department)
  GROUP BY ALL
  UNION ALL
  SELECT g.app, g.group_id, o.identity,
    MIN(CASE WHEN o.status = 'active' AND o.active THEN o.account_id END)
  FROM governed AS g JOIN owned AS o ON o.app = g.app JOIN everybody AS e USING (identity)
  WHERE g.department IS NULL GROUP BY ALL
)
SELECT 'ghost_active' AS kind, app, account_id, NULL AS group_id, NULL AS direction, days
FROM owned WHERE active AND departed AND past_due
UNION ALL SELECT 'ghost_pending', app, account_id, NULL, NULL, days
FROM owned WHERE active AND departed AND NOT past_due
UNION ALL SELECT 'used_after_departure', app, account_id, NULL, NULL, days
FROM owned WHERE departed AND last_activity_at > gone_at
UNION ALL SELECT 'dormant_account', app, account_id, NULL, NULL, NULL
FROM owned WHERE active AND NOT departed AND last_activity_at <= $now - INTERVAL 90 DAY
UNION ALL SELECT 'engagement_expired', app, account_id, NULL, NULL, days
FROM owned WHERE active AND status IN ('active', 'on_leave') AND days >= 0 AND past_due
  AND worker_type_key = 'contractor'
UNION ALL SELECT 'orphan_account', a.app, a.account_id, NULL, NULL, NULL
FROM accounts AS a LEFT JOIN owners AS o USING (app, account_id)
WHERE a.active AND o.account_id IS NULL
UNION ALL SELECT 'ambiguous_identity', app, account_id, NULL, NULL, NULL
FROM owners JOIN accounts AS a USING (app, account_id) WHERE a.active AND disputed
UNION ALL SELECT DISTINCT 'leaver_membership', app, account_id, group_id, NULL, days
FROM members JOIN owned AS o USING (app, account_id) WHERE o.departed AND o.past_due
UNION ALL SELECT 'group_drift', COALESCE(m.app, e.app), COALESCE(m.account_id, e.account_id),
  COALESCE(m.group_id, e.group_id), CASE WHEN e.app IS NULL THEN 'unexpected' ELSE 'missing' END,
  NULL
FROM expected AS e FULL JOIN actual AS m USING (app, group_id, identity)
WHERE e.app IS NULL OR (m.app IS NULL AND e.account_id IS NOT NULL);
"""
_EVIDENCE = {
    "situations": "SELECT a.app, a.account_id, o.identity, o.disputed "
    "FROM accounts AS a LEFT JOIN owners AS o USING (app, account_id)",
    "candidates": "FROM claims",
    "owned": "SELECT app, account_id, active, person_source, person_id, status, departed, "
    "past_due, days FROM owned",
    "observed": "SELECT a.app, a.account_id, a.active, a.user_name, a.display_name, o.identity "
    "FROM accounts AS a LEFT JOIN owners AS o USING (app, account_id)",
}
_EVERYBODY = """
CREATE TABLE everybody AS
SELECT DISTINCT o.identity FROM read_parquet($memberships) AS m
JOIN read_parquet($groups) AS g ON g.source = m.source AND g.group_id = m.group_id
JOIN owned AS o ON o.app = m.source AND o.account_id = m.member_id
WHERE m.source = 'app00' AND g.display_name = 'Everybody'
"""


def find(folder: Path, size: Size, out: Path) -> None:
    """Write the findings of ``folder/tables`` below ``out``, one file for some apps."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    connection.execute("SET preserve_insertion_order = false; SET parquet_metadata_cache = true")
    _run(connection, _PEOPLE, now=AS_OF, people=_files(folder, "people", list(HRIS)))
    names = size.app_names
    for first in range(0, len(names), APPS_AT_ONCE):
        some = names[first : first + APPS_AT_ONCE]
        kinds = ("accounts", "groups", "memberships")
        files = {kind: _files(folder, kind, some) for kind in kinds}
        _run(connection, _ACCOUNTS, **files)
        if first == 0:
            _run(connection, _EVERYBODY, **files)
        _run(connection, _FINDINGS, now=AS_OF, **files)
        _write(connection, "FROM found", out / f"{first:03}.parquet")
        for name, rows in _EVIDENCE.items():
            _write(connection, rows, out / "evidence" / f"{name}-{first:03}.parquet")
    connection.close()


def _write(connection: duckdb.DuckDBPyConnection, rows: str, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    form = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000"
    copy = f"COPY (FROM ({rows}) ORDER BY ALL) TO ? ({form})"
    connection.execute(copy, [str(path)])


def _run(connection: duckdb.DuckDBPyConnection, text: str, **values: object) -> None:
    for statement in text.split(";"):
        if statement.strip():
            wanted = {name: one for name, one in values.items() if f"${name}" in statement}
            connection.execute(statement, wanted)


def _files(folder: Path, kind: str, sources: list[str]) -> list[str]:
    return [str(folder / "tables" / kind / f"{source}.parquet") for source in sources]
