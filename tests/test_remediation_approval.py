"""Who may agree to what: every way in which an approval does not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.base import Traits
from scanner.config import Remediation, parse_config
from scanner.errors import ConfigError, IntegrityError, RefusedError, UsageError
from scanner.remediation.apply import Result
from scanner.remediation.approval import (
    Approval,
    ApprovalFiles,
    Level,
    check_approval,
    check_typed,
    parse_approval,
    state_approval,
)
from scanner.remediation.disk import SystemDisk, write_new
from scanner.remediation.plan import GuardResult, Plan, parse_plan
from scanner.remediation.readiness import check_bound, refuse_breaches
from scanner.remediation.signature import (
    APPROVAL_NAMESPACE,
    PLAN_NAMESPACE,
    SshSignatures,
    key_fingerprint,
)
from tests.fakes.memory_app import MemoryApp
from tests.fakes.memory_world import START, Papers, World

ALLOWED = Path("allowed")


def small() -> tuple[World, Papers]:
    world = World({"1", "2"}, {"5", "6", "7"}, app_names=("chat",))
    papers = world.plan()
    assert papers is not None
    return world, papers


def state(plan: Plan, level: Level = Level.SIGNED, **more: Any) -> Approval:  # noqa: ANN401
    return state_approval(plan, level=level, name="bob", now=START, **more)


def check(
    world: World,
    papers: Papers,
    approval: Approval,
    key: str = "bob",
    settings: Remediation | None = None,
    allowed: Path | None = ALLOWED,
    files: dict[str, bytes | None] | None = None,
) -> object:
    signature = world.keys.sign(approval.content, Path(key), APPROVAL_NAMESPACE)
    given: dict[str, bytes | None] = {
        "approval": approval.content,
        "signature": signature,
        "plan_signature": papers.plan_signature,
    }
    given |= files or {}
    settings = settings or Remediation(typed_up_to=0)
    return check_approval(papers.plan, ApprovalFiles(**given), world.keys, settings, allowed, START)


def test_nobody_approves_what_becomes_of_their_own_account() -> None:
    """Neither by the name that is signed nor by one the key is known under, and in any case."""
    world, papers = small()
    world.keys.allowed["SHA256:bob"] = ("USER-2@example.com",)
    with pytest.raises(RefusedError, match=r"own account is in the plan: chat: user-2 \(a-2\)"):
        check(world, papers, state(papers.plan))
    first, second = (one.action_id for one in papers.plan.actions)
    check(world, papers, state(papers.plan, only=(first,)))
    with pytest.raises(RefusedError, match="own account"):
        check(world, papers, state(papers.plan, only=(second,)))
    world.keys.allowed["SHA256:bob"] = ("bob",)
    typed = state_approval(papers.plan, level=Level.TYPED, name="User-1", now=START)
    with pytest.raises(RefusedError, match="own account"):
        check(world, papers, typed, settings=Remediation(typed_up_to=25))


def test_an_emergency_key_may_give_its_own_account_back() -> None:
    """Whoever was locked out by mistake is not kept out by the rule for two."""
    world, papers = small()
    world.approve(papers, "bob")
    world.apply(papers)
    back = world.undo(papers)
    assert back is not None
    world.keys.allowed["SHA256:glass"] = ("user-1",)
    approval = state_approval(back.plan, level=Level.SIGNED, name="user-1", now=START)
    emergency = Remediation(typed_up_to=0, break_glass_keys=("SHA256:glass",))
    check(world, back, approval, "glass", emergency)
    with pytest.raises(RefusedError, match="own account"):
        check(world, back, approval, "glass")


def test_the_second_persons_signature_holds() -> None:
    """Bob is somebody else than Alice, and says how much he agrees to."""
    world, papers = small()
    agreement = check(world, papers, state(papers.plan))
    assert len(agreement.actions) == 2  # type: ignore[attr-defined]  # an Agreement


def test_what_does_not_hold_is_refused() -> None:
    """Missing, unsigned, of another plan, too long, miscounted, or from the future."""
    world, papers = small()
    good = state(papers.plan)
    other = world.plan()
    assert other is not None
    cases: list[tuple[Approval, dict[str, bytes | None]]] = [
        (good, {"approval": None}),
        (good, {"signature": None}),
        (good, {"plan_signature": None}),
        (state(other.plan), {}),
        (replace(good, not_after="2027-01-01T00:00:00Z"), {}),
        (replace(good, count=3), {}),
        (replace(good, actions=("0" * 64,), count=0), {}),
        (replace(good, approved_at="2026-11-01T09:00:01Z"), {}),
    ]
    for approval, files in cases:
        with pytest.raises(RefusedError):
            check(world, papers, approval, files=files)
    with pytest.raises(RefusedError, match="nobody is allowed"):
        check(world, papers, good, allowed=None)
    with pytest.raises(IntegrityError):
        check(world, papers, good, files={"approval": good.content[:-2]})


def test_machines_and_second_keys_of_the_planner_are_refused() -> None:
    """An automation key is no person, and two keys of one person are one person."""
    world, papers = small()
    good = state(papers.plan)
    machine = Remediation(typed_up_to=0, automation_keys=("SHA256:bob",))
    with pytest.raises(RefusedError, match="machine"):
        check(world, papers, good, settings=machine)
    world.keys.allowed["SHA256:alice-home"] = ("carol",)
    with pytest.raises(RefusedError, match="another key of whoever"):
        check(world, papers, good, key="alice-home")
    signed_by_another = world.keys.sign(papers.plan.content, Path("dave"), PLAN_NAMESPACE)
    with pytest.raises(RefusedError, match="another key than it says"):
        check(world, papers, good, files={"plan_signature": signed_by_another})
    del world.keys.allowed["SHA256:alice"]
    assert check(world, papers, good), "who may not approve needs no name among those who may"


def test_typing_is_for_small_plans_only() -> None:
    """Up to the configured size, and never where a threshold was passed."""
    world, papers = small()
    typed = state(papers.plan, Level.TYPED)
    assert check(world, papers, typed, settings=Remediation(typed_up_to=2))
    with pytest.raises(RefusedError, match="signature of a second person"):
        check(world, papers, typed, settings=Remediation(typed_up_to=1))
    passed = GuardResult("people", "", 3, 2, ok=True, detail="", acknowledged="lay-off")
    loose = replace(papers.plan, guards=(passed,))
    again = Papers(loose, papers.journal, papers.plan_signature)
    with pytest.raises(RefusedError, match="signature of a second person"):
        check(world, again, state(loose, Level.TYPED), settings=Remediation(typed_up_to=9))
    for words in (("", ""), (papers.plan.plan_id[:8], "3"), (papers.plan.plan_id[:7], "2")):
        with pytest.raises(RefusedError, match="typed"):
            check_typed(papers.plan, typed, *words)
    check_typed(papers.plan, typed, f" {papers.plan.plan_id[:8].upper()}\n", "2\n")


def test_loss_is_accepted_app_by_app() -> None:
    """What cannot be taken back needs the app's name, when approving and when applying."""
    world, papers = small()
    lossy = Traits("deletes the user", "no", deletes_user=True)
    part = replace(papers.plan.apps[0], traits=lossy)
    plan = replace(papers.plan, apps=(part,))
    with pytest.raises(RefusedError, match="irreversible, deletes_user"):
        state(plan)
    approval = state(plan, accepted=("chat",))
    assert approval.accepted == ("chat",)
    silent = replace(approval, accepted=())
    signed = world.keys.sign(plan.content, Path("alice"), PLAN_NAMESPACE)
    with pytest.raises(RefusedError, match="irreversible"):
        check(world, Papers(plan, papers.journal, signed), silent)


def test_a_part_is_named_without_doubt() -> None:
    """An id that fits no action, or more than one, is an error; an expired plan is refused."""
    _, papers = small()
    for start in ("", "zz"):
        with pytest.raises(UsageError, match="no action"):
            state(papers.plan, only=(start,))
    with pytest.raises(RefusedError, match="expired"):
        state_approval(papers.plan, level=Level.SIGNED, name="x", now=START + timedelta(days=2))


def test_an_approval_is_read_strictly() -> None:
    """Other fields, other forms and other bytes are not an approval."""
    _, papers = small()
    content = state(papers.plan).content
    assert parse_approval(content).plan_id == papers.plan.plan_id
    for altered in (b"{}\n", content.replace(b'"count":2', b'"count":"2"'), content + b"\n"):
        with pytest.raises(ValueError, match="is not"):
            parse_approval(altered)


def test_an_emergency_key_can_take_back_alone() -> None:
    """A break-glass key approves an undo of its own making, and no plan."""
    world, papers = small()
    world.approve(papers, "bob")
    assert isinstance(world.apply(papers), Result)
    undo = world.undo(papers)
    assert undo is not None
    settings = Remediation(typed_up_to=0, break_glass_keys=("SHA256:alice",))
    assert check(world, undo, state(undo.plan), key="alice", settings=settings)
    with pytest.raises(RefusedError, match="whoever made the plan"):
        check(world, papers, state(papers.plan), key="alice", settings=settings)
    world.approve(undo, "bob")
    assert isinstance(world.apply(undo), Result)
    with pytest.raises(RefusedError, match="undo"):
        world.undo(undo)


def test_a_plan_fits_only_where_it_was_made() -> None:
    """Another run, other settings, another address: refused."""
    world, papers = small()
    basis = world.basis()
    check_bound(papers.plan, basis, "config", world.apps)
    for other, config in ((replace(basis, manifest_sha256="x"), "config"), (basis, "x")):
        with pytest.raises(RefusedError):
            check_bound(papers.plan, other, config, world.apps)
    moved = MemoryApp("elsewhere", world.points, lambda: START)
    with pytest.raises(RefusedError, match=r"elsewhere\.example"):
        check_bound(papers.plan, basis, "config", {"chat": moved})
    with pytest.raises(RefusedError, match="people = 3, limit 2"):
        refuse_breaches((GuardResult("people", "", 3, 2, ok=False, detail=""),))


def test_a_plan_is_read_strictly() -> None:
    """What contradicts itself is no plan, whatever its digests say."""
    _, papers = small()
    plan = papers.plan
    assert parse_plan(plan.content) == plan
    first = plan.actions[0]
    for wrong in (
        replace(plan, apps=()),
        replace(plan, apps=(*plan.apps, *plan.apps)),
        replace(plan, actions=(first, first)),
        replace(plan, batches=()),
        replace(plan, nonce="0"),
        replace(plan, created_at="now"),
    ):
        with pytest.raises(ValueError, match=r".+"):
            parse_plan(wrong.content)


def test_keys_that_do_not_work_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is no key, and a system without ssh-keygen."""
    key = tmp_path / "key"
    key.write_text("not a key")
    with pytest.raises(ConfigError, match="could not sign"):
        SshSignatures().sign(b"x", key, PLAN_NAMESPACE)
    with pytest.raises(ConfigError, match="not a key"):
        key_fingerprint(key)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="not installed"):
        key_fingerprint(key)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """What an earlier try left is replaced, also the file itself; links are not followed."""
    path = tmp_path / "plan.json"
    (tmp_path / ".plan.json.partial").write_bytes(b"half of an earl")
    write_new(SystemDisk(), path, b"whole")
    write_new(SystemDisk(), path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / ".plan.json.partial").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Exception, match="cannot be written"):
        write_new(SystemDisk(), path, b"x")
    assert not (tmp_path / "elsewhere").exists()


def test_settings_are_checked() -> None:
    """Durations of minutes to a week, and keys by their fingerprints."""
    sources = b'[sources.a]\nrole="hris"\ntype="scim"\nurl="https://a.example"\n[sources.b]\n'
    sources += b'type="scim"\nurl="https://b.example"\n[remediation]\n'
    found = parse_config(sources + b'plan_valid = "2d"\n', Path("x")).remediation
    assert found.plan_lasts == timedelta(days=2)
    for line in (
        b'plan_valid = "3 business days"',
        b'run_valid = "30d"',
        b'automation_keys = ["mykey"]',
        b"typed_up_to = 100",
    ):
        with pytest.raises(ConfigError, match="remediation"):
            parse_config(sources + line + b"\n", Path("x"))
