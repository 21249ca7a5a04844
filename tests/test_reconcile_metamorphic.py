"""What follows for a company that is changed in one way, whatever is found in it.

Together with ``test_reconcile_invariants`` (order, case, second employments, unknown states, pages
given twice) these are the relations that reconciling keeps.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.model import Account, Pointer, Records, Registers, Role, State, Verdict, Waiver
from tests.fakes.generated_company import generate
from tests.fakes.golden_company import golden
from tests.fakes.reconciled import findings_document, reconcile_all
from tests.plain.company import History, Run
from tests.plain.finding import PlainFinding, plain_id
from tests.plain.judge import judge
from tests.test_reconcile_invariants import DEPARTED, altered, found

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
GOLDEN = Path(__file__).parent / "golden"
RENAMED = {"okta": "logins", "slack": "a-chat", "github": "zz-code"}
"""They sort otherwise than before."""
Namer = Callable[[str], str]


def renamed(name: str) -> str:
    """The new name of an app; an HRIS keeps its own."""
    return RENAMED.get(name, name)


def with_sources_renamed(history: History, name: Namer) -> History:
    """The same company in whose every file and register an app is called otherwise."""

    def again(one: Any) -> Any:  # noqa: ANN401 - any record that names a source
        return replace(one, source=name(one.source))

    def registered(one: Any) -> Any:  # noqa: ANN401 - any entry that names an app
        return replace(one, app=name(one.app))

    # A waiver that names a finding by its id names it by the new one.
    ids = {
        one.id: plain_id(one.kind, name(one.app), one.account, one.person, one.group)
        for one in judge(history).findings
    }

    def waived(one: Waiver) -> Waiver:
        return replace(one, app=name(one.app), finding=ids.get(one.finding or "", one.finding))

    def run(one: Run) -> Run:
        records = {
            name(source): Records(*(tuple(map(again, rows)) for rows in (
                held.people, held.accounts, held.groups, held.memberships)))
            for source, held in one.records.items()
        }  # fmt: skip
        return replace(
            one,
            records=records,
            readings=list(map(again, one.readings)),
            events=list(map(again, one.events)),
        )

    config, registers = history.config, history.registers
    entitlements = [
        one.model_copy(update={"app": name(one.app), "mirrors": _mirror(one.mirrors, name)})
        for one in config.entitlements
    ]
    sources = {name(source): one for source, one in config.sources.items()}
    return History(
        config.model_copy(update={"sources": sources, "entitlements": entitlements}),
        [run(one) for one in history.runs],
        Registers(
            waivers=tuple(map(waived, registers.waivers)),
            nonhuman=tuple(map(registered, registers.nonhuman)),
            links=tuple(map(registered, registers.links)),
            baseline=tuple(map(registered, registers.baseline)),
        ),
    )


def _mirror(mirrored: str | None, name: Namer) -> str | None:
    if mirrored is None:
        return None
    app, _, group = mirrored.partition(":")
    return f"{name(app)}:{group}"


def accused(findings: set[PlainFinding]) -> set[str]:
    """The findings that call somebody departed."""
    return {one.id for one in findings if one.kind in DEPARTED}


@pytest.mark.parametrize("seed", [18, 53])
def test_renaming_an_app_changes_nothing_but_its_name(tmp_path: Path, seed: int) -> None:
    """I-17: the same findings under the new name, and ids that are made of the new name."""
    history = generate(seed)
    right = judge(history)
    real = reconcile_all(with_sources_renamed(history, renamed), tmp_path)
    assert found(real) == {replace(one, app=renamed(one.app)) for one in right.findings}
    assert {one.id for one in real.conclusions.findings} == {
        plain_id(one.kind, renamed(one.app), one.account, one.person, one.group)
        for one in right.findings
    }
    verdicts = {one.name: one.verdict.value for one in real.conclusions.apps}
    assert verdicts == {renamed(app): verdict for app, verdict in right.verdicts.items()}


def test_renaming_an_app_changes_every_sentence_and_nothing_else_in_it(tmp_path: Path) -> None:
    """A name that sorts the same gives the same document, but for ids and the name itself."""

    def longer(name: str) -> str:
        return "slackware" if name == "slack" else name

    history = with_sources_renamed(golden(5)[0], longer)
    document = findings_document(reconcile_all(history, tmp_path), history).decode()
    text = (GOLDEN / "company-5.json").read_text(encoding="utf-8").replace("slack", "slackware")
    # Which response shows it is another matter.
    text = text.replace("responses/slackware/", "responses/slack/")
    before, after = json.loads(text)["findings"], json.loads(document)["findings"]
    assert {one["app"] for one in after} >= {"slackware"}
    for one in (*before, *after):
        del one["id"]
    assert after == before


def test_pages_under_other_names_change_only_where_the_evidence_is(tmp_path: Path) -> None:
    """I-17: what is found does not depend on which response showed it, nor where in it."""
    history, other = generate(26), Pointer("responses/other.json", 7)

    def moved(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(one, pointer=other) for one in rows)

    def elsewhere(held: Records) -> Records:
        return Records(
            moved(held.people), moved(held.accounts), moved(held.groups), moved(held.memberships)
        )

    real = reconcile_all(altered(history, records=elsewhere), tmp_path)
    assert found(real) == set(judge(history).findings)
    assert {one.evidence for one in real.conclusions.findings if one.evidence} == {other}


def test_the_order_of_the_configuration_and_of_the_registers_changes_nothing(
    tmp_path: Path,
) -> None:
    """I-11: sources, entitlements, waivers and links may be written in any order."""
    history = generate(56)
    config, registers = history.config, history.registers
    turned = History(
        config.model_copy(update={
            "sources": dict(reversed(config.sources.items())),
            "entitlements": config.entitlements[::-1],
        }),
        [replace(one, readings=one.readings[::-1]) for one in history.runs],
        Registers(
            waivers=registers.waivers[::-1],
            nonhuman=registers.nonhuman[::-1],
            links=registers.links[::-1],
            baseline=registers.baseline[::-1],
        ),
    )  # fmt: skip
    assert found(reconcile_all(turned, tmp_path)) == set(judge(history).findings)


@pytest.mark.parametrize("seed", [43, 52])
@pytest.mark.parametrize("role", [Role.HRIS, Role.APP])
def test_a_source_that_is_cut_short_only_takes_findings_away(
    tmp_path: Path, seed: int, role: Role
) -> None:
    """I-03 to I-05: less of a source never calls anybody departed, nor anything clean."""
    history = generate(seed)
    (run,) = history.runs
    cut = next(one for one in run.readings if one.role is role)
    held = run.records[cut.source]
    half = Records(held.people[::2], held.accounts[::2], held.groups[::2], held.memberships[::2])
    received = len(half.people) + len(half.accounts)
    users = replace(cut.users, state=State.INCOMPLETE, received=received)
    less = replace(
        run,
        records={**run.records, cut.source: half},
        readings=[replace(one, users=users) if one is cut else one for one in run.readings],
    )
    before, after = judge(history), reconcile_all(replace(history, runs=[less]), tmp_path)
    assert accused(set(before.findings))
    assert accused(found(after)) <= accused(set(before.findings))
    assert after.conclusions.verdict is Verdict.INCOMPLETE
    hit = [one for one in after.conclusions.apps if role is Role.HRIS or one.name == cut.source]
    assert {one.verdict for one in hit} == {Verdict.INCOMPLETE}


def test_letters_that_only_look_the_same_link_nobody(tmp_path: Path) -> None:
    """I-14: keys in full-width letters and figures are other keys, whoever has them."""
    history = generate(43)

    def wide(value: str | None) -> str | None:
        if value is None:
            return None
        return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in value)

    def other(one: Account) -> Account:
        return replace(
            one,
            user_name=wide(one.user_name),
            external_id=wide(one.external_id),
            employee_number=wide(one.employee_number),
            emails=tuple(str(wide(mail)) for mail in one.emails),
        )

    assert {one.matched_by for one in judge(history).owners.values()} > {None}
    real = reconcile_all(altered(history, account=other), tmp_path)
    assert {row["matched_by"] for row in real.situations} == {None}


def test_an_app_that_is_no_longer_read_changes_nothing_about_the_others(tmp_path: Path) -> None:
    """What is found in an app needs no other app, unless an entitlement mirrors it."""
    history = generate(56)
    mirrored = {str(one.mirrors).partition(":")[0] for one in history.config.entitlements}
    gone = min(
        name
        for name, one in history.config.sources.items()
        if one.role is not Role.HRIS and name not in mirrored
    )
    config, registers = history.config, history.registers
    left = History(
        config.model_copy(update={
            "sources": {name: one for name, one in config.sources.items() if name != gone},
            "entitlements": [one for one in config.entitlements if one.app != gone],
        }),
        [
            replace(
                one,
                readings=[each for each in one.readings if each.source != gone],
                records={name: held for name, held in one.records.items() if name != gone},
                events=[each for each in one.events if each.source != gone],
            )
            for one in history.runs
        ],
        Registers(
            waivers=tuple(one for one in registers.waivers if one.app != gone),
            nonhuman=tuple(one for one in registers.nonhuman if one.app != gone),
            links=tuple(one for one in registers.links if one.app != gone),
            baseline=tuple(one for one in registers.baseline if one.app != gone),
        ),
    )  # fmt: skip
    before = judge(history).findings
    assert {one.app for one in before} > {gone}
    assert found(reconcile_all(left, tmp_path)) == {one for one in before if one.app != gone}
