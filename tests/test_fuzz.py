"""Promises of the readers for any bytes at all; ``make fuzz`` looks longer, guided by coverage."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.scim.message import CORE_1, LIST_RESPONSE
from tests.fuzz.messages import fuzz_json, fuzz_page, fuzz_wait
from tests.fuzz.targets import EXAMPLES, TARGETS
from tests.fuzz.walks import fuzz_link, fuzz_walk

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
NAMES = st.sampled_from((
    "id", "userName", "active", "emails", "value", "type", "primary", "members", "groups", "meta",
    "created", "name", "formatted", "displayName", "detail", "Errors", "schemas", "$ref",
)) | st.text(max_size=3)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
PAGES = st.fixed_dictionaries(
    {
        "schemas": st.sampled_from(([LIST_RESPONSE], [f"{CORE_1}0"], [], None)),
        "totalResults": st.integers(-2, 3) | LEAVES,
    },
    optional={
        "Resources": st.lists(st.dictionaries(NAMES, JSON, max_size=5), max_size=3) | JSON,
        "nextCursor": LEAVES,
        "startIndex": LEAVES,
        "itemsPerPage": LEAVES,
    },
)
INSTANTS = st.datetimes().map(lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT"))
WAITS = st.integers().map(str) | INSTANTS | st.text(max_size=30)


@pytest.mark.parametrize("name", TARGETS)
def test_the_examples_keep_every_promise(name: str) -> None:
    """What the fuzzers start from is in order, so that they find what is new."""
    for example in EXAMPLES[name]:
        TARGETS[name](example)


@given(
    st.binary(max_size=60)
    | st.text(max_size=20).map(str.encode)
    | JSON.map(json.dumps).map(str.encode)
)
def test_json_is_read_as_python_reads_it_or_refused(data: bytes) -> None:
    """Any bytes are the value that Python's own reader gives, or a ValueError."""
    fuzz_json(data)


@given(
    st.tuples(st.integers(0, 3), st.integers(0, 1), st.sampled_from((0, 0, 1, 2, 3, 4))).map(bytes),
    st.binary(max_size=60)
    | PAGES.map(json.dumps).map(str.encode)
    | JSON.map(json.dumps).map(str.encode),
)
@settings(max_examples=300)
def test_any_bytes_are_a_page_or_a_source_error(choices: bytes, body: bytes) -> None:
    """Any answer is a page or a record of the promised form, or a SourceError; nothing else."""
    fuzz_page(choices + body)


@given(st.binary(max_size=5), st.lists(WAITS, max_size=3))
@settings(max_examples=300)
def test_a_wait_is_between_nothing_and_the_ceiling(choices: bytes, values: list[str]) -> None:
    """Whatever headers say, a wait is finite, not negative, and at most two minutes."""
    fuzz_wait(choices.ljust(5, b"\0") + "\n".join(values).encode("latin-1", "replace"))


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_a_walk_ends_at_any_server(data: bytes) -> None:
    """By index or by cursor, a walk raises nothing, is bounded, and invents no cursor."""
    fuzz_walk(data)


@given(
    st.integers(0, 4).map(lambda number: bytes([number])),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text(alphabet="abc/.%2eEfF5cC\\?#@:", max_size=30).map(str.encode),
)
@settings(max_examples=300)
def test_no_link_leads_off_the_base(form: bytes, given_by_server: bytes) -> None:
    """No id, path, cursor or address that a server gives gets a request past the base URL."""
    fuzz_link(form + given_by_server)
