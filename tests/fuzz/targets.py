"""The targets by name, each with examples to start from."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.messages import fuzz_json, fuzz_page, fuzz_wait
from tests.fuzz.walks import fuzz_link, fuzz_walk

TARGETS: dict[str, Callable[[bytes], None]] = {
    "json": fuzz_json,
    "page": fuzz_page,
    "wait": fuzz_wait,
    "walk": fuzz_walk,
    "link": fuzz_link,
}

_LIST = b"urn:ietf:params:scim:api:messages:2.0:ListResponse"

EXAMPLES: dict[str, tuple[bytes, ...]] = {
    "json": (
        b'{"a": [1, -2.5e3, true, null, "\\ud83d\\ude00"]}',
        b'\xef\xbb\xbf{"A": {"b": []}}',
        b'{"a": 1, "A": 2}',
        b"[NaN]",
        b"[1e999]",
        b"[-Infinity]",
    ),
    "page": (
        b'\0\0\0{"schemas": ["' + _LIST + b'"], "totalResults": 1, "startIndex": 1, '
        b'"itemsPerPage": 1, "Resources": [{"id": "u1", "userName": "ana", "active": true, '
        b'"emails": [{"value": "ana@corp.example", "primary": true}], "groups": [{"value": "g"}], '
        b'"meta": {"created": "2024-01-01T00:00:00Z"}}]}',
        b'\1\0\1{"schemas": ["urn:scim:schemas:core:1.0"], "totalResults": "0"}',
        b'\2\1\0{"nextCursor": "c", "Resources": [{"id": 7, "active": "True"}]}',
        b'\0\0\0{"id": "g1", "displayName": "eng", "members": [{"value": "u1", "type": "Group"}]}',
        b'\0\0\0{"Errors": [{"description": "no tenant", "code": "404"}]}',
    ),
    "wait": (
        b"\0\0\0\0\x0030\n",
        b"\1\1\1\1\0\1Sun, 01 Nov 2026 07:00:30 GMT\nSun, 01 Nov 2026 07:00:00 GMT\n",
        b"\4\0\0\1\2\x031793491200\n0\n",
        b"\0\0\0\0\0Sun, 06 Nov 9999 23:59:59 -2359\n",
    ),
    "walk": (
        b"\0\0\0\0\0\0" + b"\0\0\0\2\0\0\1\0\0\0\1" * 3,
        b"\0\0\2\0\0\0" + b"\0\1\0\2\0\0\1\0\0\0\1" + b"\0\0\0\2\2\0\3\0\0\0\1",
        b"\1\1\1\1\1\1" + b"\4\0" * 8,
    ),
    "link": (
        b"\0..",
        b"\1Users/%2e%2e/%2e%2e/admin",
        b"\2c+=/&startIndex=1",
        b"\3https://app.example.com.evil.example/scim/v2/Users",
        b"\4evil.example/",
    ),
}

TOKENS: dict[str, tuple[str, ...]] = {
    "json": ('"a":', '"A":', "1e999", "NaN", "[[[[", "}}", "\\ud800", "-0"),
    "page": (
        '"schemas":', '"totalResults":', '"Resources":', '"nextCursor":', '"Errors":', '"id":',
        '"members":', '"value":', '"type":', '"Group"', '"active":', '"emails":', '"meta":',
        '"detail":', '"groups":', "urn:ietf:params:scim:api:messages:2.0:Error", "\\ud800", "null",
    ),
    "wait": (
        "Sun, 06 Nov 9999", "00:00:00", "GMT", "-2359", "+2359", "1e308", "inf", "nan", "-1",
        "99999999999999999999", ";w=", "1793491200", "0001",
    ),
    "walk": (),
    "link": (
        "..", "%2e", "%252e", "%2f", "%5c", "//", "\\\\", "@", ":", "#", "?", "https://", "[::1]",
    ),
}  # fmt: skip
"""Words that a fuzzer would take long to find by itself."""
