"""Changing and asking again over real sockets: what is not certain is said to be not known."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collectors.base import Change, Deactivator, Operation, Request, Witness
from collectors.change import build_deactivator, build_witness, forms_of
from collectors.manual import ManualDeactivator
from scanner.config import Source
from scanner.errors import ConfigError
from scanner.model import Account, PersonStatus, Pointer, Role
from tests.fakes.scim_server import Fault, ScimServer, group, serving, user

UTC = ZoneInfo("UTC")


def source(url: str, role: Role = Role.APP) -> Source:
    return Source(type="scim", url=url, role=role)


def deactivator(scim: ScimServer) -> Deactivator:
    return build_deactivator("wiki", source(scim.url), UTC, Path())


def witness(scim: ScimServer) -> Witness:
    found = build_witness("hr", source(scim.url, Role.HRIS), UTC, Path())
    assert found is not None
    return found


def test_an_account_is_read_by_its_id() -> None:
    """Its names, state and membership; a missing one is gone, a missing group has no members."""
    with serving([user(1), user(2, active=False)], [group(1, ["u1"])]) as scim:
        wiki = deactivator(scim)
        assert wiki.origin == f"http://127.0.0.1:{scim.port}"
        one = wiki.observe("u1", "g1")
        assert (one.found, one.active, one.member, one.user_name) == (True, True, True, "user1")
        assert wiki.observe("u2", "g1").member is False
        assert wiki.observe("u1", "g9").member is False
        assert wiki.observe("u9").found is False
        wiki.close()


@pytest.mark.parametrize(
    ("me", "found"),
    [
        (None, None),  # RFC 7644 section 3.11: it need not be there
        ("u2", "u2"),
        ("u9", None),
        ("https://elsewhere.example/scim/v2/Users/u%32?x=1", "u2"),
        ("https://elsewhere.example/", None),
    ],
)
def test_whose_credentials_these_are_is_asked_once_and_never_followed(
    me: str | None, found: str | None
) -> None:
    """What an app does not say is not known; where it points is only read, not gone to."""
    with serving([user(1), user(2)]) as scim:
        scim.me = me
        wiki = deactivator(scim)
        assert wiki.own_account() == found
        wiki.close()
        assert [one.path for one in scim.ledger] == ["/scim/v2/Me"]


@pytest.mark.parametrize("fault", [Fault.HTML_PAGE, Fault.ALWAYS_500, Fault.UNAUTHORIZED])
def test_an_answer_that_says_nothing_of_the_credentials_is_none(fault: Fault) -> None:
    """A login page or an error is asked for once, and is no account."""
    with serving([user(1)], [], fault) as scim:
        wiki = deactivator(scim)
        assert wiki.own_account() is None
        wiki.close()
        assert len(scim.ledger) == 1
    assert ManualDeactivator().own_account() is None


@pytest.mark.parametrize("fault", [Fault.HTML_PAGE, Fault.UNAUTHORIZED, Fault.WRONG_BY_ID])
def test_what_is_no_answer_about_the_account_is_not_known(fault: Fault) -> None:
    """A login page, a refused token or another account say nothing: found is None, not False."""
    with serving([user(1), user(2)], [], fault) as scim:
        wiki = deactivator(scim)
        seen = wiki.observe("u1")
        assert (seen.found, seen.active) == (None, None)
        assert seen.error
        wiki.close()
        hr = witness(scim)
        assert hr.look("u1").found is None
        hr.close()


def test_a_person_is_asked_for_again() -> None:
    """Employed, terminated, or not there any more."""
    with serving([user(1), user(2, active=False)]) as scim:
        hr = witness(scim)
        assert hr.look("u1").status is PersonStatus.ACTIVE
        assert hr.look("u2").status is PersonStatus.TERMINATED
        assert hr.look("u9").found is False
        hr.close()


def test_a_write_that_meets_nobody_is_told() -> None:
    """No server: no status, and a code; nothing raises."""
    with serving([user(1)]) as scim:
        wiki = deactivator(scim)
    request = Request("patch-path", "PATCH", "/scim/v2/Users/u1", (), "{}")
    reply = wiki.send(request, None)
    assert (reply.status, reply.error) == (None, "write.connect")
    assert wiki.observe("u1").found is None
    wiki.close()


def test_a_form_nobody_knows_is_a_mistake_in_the_settings() -> None:
    """The error names the source and the forms there are."""
    change = Change(Operation.DEACTIVATE, Account("wiki", "u1", Pointer("", 0), active=True))
    with serving([user(1)]) as scim:
        wiki = deactivator(scim)
        with pytest.raises(ConfigError, match=r"sources\.wiki.*patch-pth"):
            wiki.requests(change, ("patch-pth",))
        assert wiki.requests(change, ("manual",)) == ()
        wiki.close()


def test_an_app_that_only_a_person_can_change(tmp_path: Path) -> None:
    """What is read from a file gives tasks, and no request."""
    (tmp_path / "accounts.csv").write_text("id,active\nu1,true\n")
    exported = {"type": "file", "path": "accounts.csv"}
    manual = Source.model_validate(exported)
    assert forms_of(manual) == ("manual",)
    by_hand = build_deactivator("wiki", manual, UTC, tmp_path, offline=True)
    assert isinstance(by_hand, ManualDeactivator)
    change = Change(Operation.DEACTIVATE, Account("wiki", "u1", Pointer("", 0), active=True))
    assert by_hand.requests(change, ("manual",)) == ()
    assert by_hand.observe("u1").found is None
    assert by_hand.send(Request("x", "PATCH", "/", (), ""), None).status is None
    by_hand.close()
    people = Source.model_validate({**exported, "role": "hris"})
    assert build_witness("hr", people, UTC, tmp_path) is None
