"""Promises about single answers: JSON, list pages and resources, and how long to wait."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from collectors.base import Exchange
from collectors.patience import MAX_ATTEMPTS, MAX_WAIT_SECONDS, retry_after, wait_before_next
from collectors.scim.glance import look_at_group, look_at_user
from collectors.scim.message import Dialect, ListPage, parse_list, parse_recorded, parse_resource
from collectors.scim.resource import interpretation
from collectors.scim.strict import parse_json
from scanner.config import StateValues, StatusValues
from scanner.errors import SourceError
from scanner.model import Role
from tests.fuzz.choices import Choices

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DIALECTS = (
    Dialect(),
    Dialect("1.1"),
    Dialect(excuses=frozenset({"string_numbers", "list_schemas"})),
    Dialect(total_optional=True),
)
URLS = ("https://h/v2/Users?startIndex=1&count=2", "https://h/v2/Users?count=2&cursor=")
KINDS = ("application/scim+json", "application/json; charset=utf-8", "text/json", "text/html", "")
STATUSES = (429, 503, 200, 401, 403, 404, 408, 500, 502, 504)
WAIT_HEADERS = (
    "retry-after", "date", "x-ratelimit-reset", "x-ratelimit-remaining", "ratelimit-reset",
    "ratelimit", "x-retry-after",
)  # fmt: skip
INTERPRETATIONS = tuple(
    interpretation(
        "app", role, {}, ZoneInfo("Europe/Berlin"), StateValues(), StatusValues(), version
    )
    for role in Role
    for version in ("2.0", "1.1")
)


def exchange(
    body: bytes,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (("content-type", KINDS[0]),),
    *,
    url: str = URLS[0],
    attempt: int = 1,
) -> Exchange:
    """Make an answer as the recorder keeps it."""
    return Exchange("users", "GET", url, status, headers, body, NOW, NOW, attempt)


def fuzz_json(data: bytes) -> None:
    """Any bytes give what Python's own reader gives, or a ValueError that can be printed.

    What is given is JSON through and through: no NaN and no infinity.
    """
    try:
        found = parse_json(data)
    except ValueError as error:
        refusal = str(error)
    else:
        assert found == json.loads(data.decode("utf-8-sig"))
        assert json.dumps(found, allow_nan=False)
        return
    assert refusal.isprintable()


def fuzz_page(data: bytes) -> None:
    """Any bytes give a page or a resource of the promised form, or a SourceError; nothing else."""
    choices = Choices(data)
    dialect, url, kind = choices.pick(DIALECTS), choices.pick(URLS), choices.pick(KINDS)
    answer = exchange(choices.rest(), headers=(("content-type", kind),), url=url)
    for read in (_read_list, _read_resource, _read_recorded):
        try:
            read(answer, dialect)
        except SourceError as error:
            _check_error(error)


def _read_list(answer: Exchange, dialect: Dialect) -> None:
    page = parse_list("app", answer, dialect)
    _check_page(page)
    if page.total is None:
        assert dialect.total_optional or "cursor=" in answer.url or page.next_cursor is not None


def _read_resource(answer: Exchange, dialect: Dialect) -> None:
    _check_record(parse_resource("app", answer, dialect))


def _read_recorded(answer: Exchange, dialect: Dialect) -> None:
    is_one, resources = parse_recorded("app", answer, dialect)
    assert len(resources) == 1 or not is_one


def _check_page(page: ListPage) -> None:
    assert page.total is None or (type(page.total) is int and page.total >= 0)
    for resource in page.resources:
        _check_record(resource)


def _check_record(resource: Mapping[str, object]) -> None:
    """Every record can be looked at, whatever it holds; an id is never empty."""
    looks = [look_at_user(resource, how, ("a",), NOW) for how in INTERPRETATIONS]
    for glance in (*looks, look_at_group(resource)):
        assert glance.id is None or (glance.id and isinstance(glance.id, str))
        assert glance.id is not None or glance.problems
        assert set(glance.nested) <= set(glance.members)


def _check_error(error: SourceError) -> None:
    assert error.code
    assert error.message.encode("utf-8").decode().isprintable()


def fuzz_wait(data: bytes) -> None:
    """A wait is finite, never negative and never above the ceiling, whatever the headers say.

    Nor is it shorter than what the server asked for; a longer one is refused, not shortened.
    """
    choices = Choices(data)
    status, attempt = choices.pick(STATUSES), choices.pick(range(1, MAX_ATTEMPTS + 2))
    chance = choices.pick((0.0, 0.5, 1.0))
    names = [choices.pick(WAIT_HEADERS) for _ in range(choices.pick((1, 2, 3)))]
    headers = tuple((name, choices.line()) for name in names)
    answer = exchange(choices.rest(), status, headers, attempt=attempt)
    asked = retry_after(answer)
    assert asked is None or (math.isfinite(asked) and asked >= 0)
    wait = wait_before_next(answer, chance)
    if wait is not None:
        assert attempt < MAX_ATTEMPTS
        assert 0 < wait <= MAX_WAIT_SECONDS
        assert wait >= (asked or 0)
