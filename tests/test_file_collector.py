"""Promises of the file source: what an export must show before anything is concluded from it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from collectors.file import take as take_module
from collectors.file.build import file_source
from collectors.file.collector import FileCollector
from collectors.file.look import look_at_files
from collectors.file.take import listed_sha256, take
from collectors.registry import build_collector, departure_place
from scanner.config import Source
from scanner.errors import ConfigError
from scanner.model import PersonStatus, Progress, Reading, Records, Role, State, Survey
from tests.fakes.export import workbook
from tests.fakes.recorder import START, MemoryRecorder

BERLIN = ZoneInfo("Europe/Berlin")
HEAD = "person_id,user_name,status,departed_at\n"
PEOPLE = f"{HEAD}p1,ana,active,\np2,bob,terminated,2026-09-30\np3,cid,active,\n"


def collector(folder: Path, *, previous: int | None = None, **settings: Any) -> FileCollector:  # noqa: ANN401 - any setting of a source
    given = {"role": "hris", "type": "file", "path": "people.csv", **settings}
    source = Source.model_validate(given)
    return FileCollector(file_source("people", source, BERLIN, folder, previous), lambda: START)


def run(
    folder: Path,
    text: str | bytes = PEOPLE,
    *,
    name: str = "people.csv",
    days_old: float = 0,
    **settings: Any,  # noqa: ANN401 - any setting of a source
) -> tuple[Reading, Records]:
    write(folder / name, text, days_old)
    recorder = MemoryRecorder()
    one = collector(folder, **{"path": name, **settings})
    reading = asyncio.run(one.read(recorder, lambda _: None))
    for exchange in recorder.exchanges:
        path = folder / exchange.url.removeprefix("file:")
        assert exchange.body == path.read_bytes()
    return reading, one.records(reading, recorder.open)


def write(path: Path, text: str | bytes, days_old: float = 0) -> None:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    instant = (START - timedelta(days=days_old)).timestamp()
    os.utime(path, (instant, instant))


def codes(reading: Reading) -> list[str]:
    return [reason.code for reason in reading.users.reasons]


def point(reading: Reading, name: str) -> tuple[bool, str]:
    return next((one.held, one.detail) for one in reading.users.proof if one.name == name)


def test_a_whole_export_is_complete_and_says_why(tmp_path: Path) -> None:
    """Every point of the proof holds, with figures; a last day ends at local midnight."""
    reading, records = run(tmp_path, expected_size=3, canaries=["ana"])
    assert reading.state is State.COMPLETE
    assert all(one.held for one in reading.users.proof)
    assert [one.name for one in reading.users.proof] == [
        "readable", "sha256", "well_formed", "columns", "end", "fresh", "unique_ids", "not_empty",
        "size", "canaries", "records_understood",
    ]  # fmt: skip
    assert (reading.requests, reading.bytes_received) == (1, len(PEOPLE))
    assert (reading.url, reading.type) == ("file:people.csv", "file")
    bob = records.people[1]
    assert bob.status is PersonStatus.TERMINATED
    assert bob.departed_at == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert bob.pointer.index == 1


def test_the_same_file_gives_the_same_records_from_what_was_recorded(tmp_path: Path) -> None:
    """Records come from the run folder alone: the file may be gone by then."""
    write(tmp_path / "people.csv", PEOPLE)
    recorder, one = MemoryRecorder(), collector(tmp_path, expected_size=3)
    reading = asyncio.run(one.read(recorder, lambda _: None))
    (tmp_path / "people.csv").unlink()
    assert one.records(reading, recorder.open) == one.records(reading, recorder.open)
    assert len(one.records(reading, recorder.open).people) == 3


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_prefix_is_taken_for_the_whole(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file cut anywhere is COMPLETE only if everybody is still in it, exactly as they were."""
    folder = tmp_path_factory.mktemp("cut")
    count = data.draw(st.integers(1, 12), "people")
    head = "person_id,display_name,status,user_name\n"
    rows = [f'p{number},"na""me, {number}",active,login{number}\n' for number in range(count)]
    vouched = data.draw(st.sampled_from(["nothing", "expected", "trailer", "sha256"]), "by")
    text = head + "".join(rows) + (f"# {count}\n" if vouched == "trailer" else "")
    ways: dict[str, dict[str, Any]] = {
        "nothing": {},
        "expected": {"expected_size": count},
        "trailer": {"export": {"trailer": "# {count}"}},
        "sha256": {"export": {"sha256": hashlib.sha256(text.encode()).hexdigest()}},
    }
    more = ways[vouched]
    whole, wanted = run(folder, text, **more)
    assert (whole.state is State.COMPLETE) == (vouched != "nothing")
    end = data.draw(st.integers(0, len(text) - 1), "end")
    reading, records = run(folder, text[:end], **more)
    if reading.state is State.COMPLETE:
        assert [(one.person_id, one.user_name, one.status) for one in records.people] == [
            (one.person_id, one.user_name, one.status) for one in wanted.people
        ]
    else:
        assert reading.users.reasons


@settings(max_examples=30, deadline=None)
@given(end=st.integers(0, 400))
def test_no_prefix_of_an_array_is_taken_for_the_whole(
    end: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An array shows its own end, so nothing else needs to."""
    people = [{"person_id": f"p{number}", "active": True} for number in range(12)]
    text = json.dumps(people)
    folder = tmp_path_factory.mktemp("cut")
    reading, _ = run(folder, text[:end], name="people.json")
    assert (reading.state is State.COMPLETE) == (end >= len(text))


def test_a_file_that_is_not_there_is_not_read(tmp_path: Path) -> None:
    """Nothing is recorded, nothing held, and the reason names the file."""
    recorder = MemoryRecorder()
    reading = asyncio.run(collector(tmp_path).read(recorder, lambda _: None))
    assert reading.state is State.NOT_READ
    assert codes(reading) == ["file.missing"]
    assert not any(one.held for one in reading.users.proof)
    assert not recorder.exchanges
    assert collector(tmp_path).records(reading, recorder.open) == Records()


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe, a folder and a file that may not be read are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    assert take(tmp_path / "pipe", "pipe").failure is not None
    assert take(tmp_path, "folder").failure is not None
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    found = take(loop, "loop").failure
    assert found is not None
    assert found.code == "file.unreadable"


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read of what could not be recorded."""
    monkeypatch.setattr(take_module, "MOST_BYTES", 10)
    reading, _ = run(tmp_path)
    assert codes(reading) == ["file.too_large"]


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("p4,dan,active,\n")


def rewrite(path: Path) -> None:
    os.utime(path, (0, 0))


@pytest.mark.parametrize("change", [append, rewrite])
def test_a_file_that_is_written_to_meanwhile_is_not_whole(
    change: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size and time of change are the same before and after, or the reading is incomplete."""
    fstat = os.fstat

    def late(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        change(tmp_path / "people.csv")
        return found

    write(tmp_path / "people.csv", PEOPLE)
    with monkeypatch.context() as patch:
        patch.setattr("collectors.file.take.os.fstat", late)
        taken = take(tmp_path / "people.csv", "people.csv")
    assert taken.failure is not None
    assert taken.failure.code == "file.changed"

    monkeypatch.setattr("collectors.file.collector.take", lambda *_: taken)
    reading = asyncio.run(collector(tmp_path).read(MemoryRecorder(), lambda _: None))
    assert reading.state is State.INCOMPLETE
    assert codes(reading)[0] == "file.changed"


@pytest.mark.parametrize(
    ("settings", "days_old", "expected"),
    [
        ({}, 6.9, []),
        ({}, 7.1, ["file.stale"]),
        ({}, -0.9, []),
        ({}, -2, ["file.future"]),
        ({"max_age": "40d"}, 39, []),
        ({"max_age": "40d", "exported_at": "2026-09-01T00:00:00Z"}, 0, ["file.stale"]),
        ({"exported_at": "2026-10-30T00:00:00+02:00"}, 300, []),
    ],
)
def test_age_is_judged_by_the_nearest_word(
    settings: dict[str, str], days_old: float, expected: list[str], tmp_path: Path
) -> None:
    """What the settings say goes before the time of the last change; seven days are the limit."""
    reading, _ = run(tmp_path, days_old=days_old, expected_size=3, export=settings)
    assert codes(reading) == expected


def test_the_age_in_the_trailer_goes_before_all(tmp_path: Path) -> None:
    """A fresh copy of an old export is old."""
    export = {"trailer": "# {count} {exported_at}", "exported_at": "2026-10-31T00:00:00Z"}
    reading, _ = run(tmp_path, f"{PEOPLE}# 3 2026-09-01T00:00:00Z\n", export=export)
    assert codes(reading) == ["file.stale"]
    assert "trailer" in point(reading, "fresh")[1]


def test_a_digest_beside_the_file_is_heeded_and_recorded(tmp_path: Path) -> None:
    """One that agrees shows the end, one that does not or tells nothing fails, with its name."""
    digest = hashlib.sha256(PEOPLE.encode()).hexdigest()
    write(tmp_path / "people.csv.sha256", f"{digest} *people.csv\n")
    reading, _ = run(tmp_path)
    assert reading.state is State.COMPLETE
    assert reading.requests == 2
    for wrong in (f"{digest}  other.csv\n", "none\n", f"{'0' * 64}\n"):
        write(tmp_path / "people.csv.sha256", wrong)
        reading, _ = run(tmp_path, expected_size=3)
        assert codes(reading) == ["file.sha256"]
        assert "people.csv.sha256" in reading.users.reasons[0].message
    (tmp_path / "people.csv.sha256").unlink()
    (tmp_path / "people.csv.sha256").mkdir()
    assert codes(run(tmp_path, expected_size=3)[0]) == ["file.sha256"]


def test_the_digest_in_the_settings_may_be_in_capitals(tmp_path: Path) -> None:
    """Hex digits mean the same in either case."""
    digest = hashlib.sha256(PEOPLE.encode()).hexdigest().upper()
    assert run(tmp_path, export={"sha256": digest})[0].state is State.COMPLETE
    assert codes(run(tmp_path, export={"sha256": "0" * 64})[0]) == ["file.sha256"]


def test_a_line_of_sha256sum_is_understood() -> None:
    """Of several lines the one about the file counts, whatever folder it names."""
    text = f"{'a' * 64}  b.csv\n{'B' * 64} */out/a.csv\n".encode()
    assert listed_sha256(text, "a.csv") == "b" * 64
    assert listed_sha256(text, "c.csv") is None


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        (HEAD, {}, ["file.no_count", "read.empty"]),
        (HEAD, {"allow_empty": True, "excuses": ["no_count"]}, []),
        (PEOPLE, {"expected_size": 2}, ["file.no_count"]),
        (PEOPLE, {"expected_size": 3, "canaries": ["bob"]}, ["read.canary_departed"]),
        (PEOPLE, {"expected_size": 3, "canaries": ["eve"]}, ["read.canary_missing"]),
        (PEOPLE, {"expected_size": 3, "previous": 20}, ["read.dropped"]),
        (f"{PEOPLE},eve,active,\n", {"expected_size": 4},
         ["read.fewer_than_expected", "record.id_missing"]),
        (f"{PEOPLE}p4,eve,retired,\n", {"expected_size": 4}, ["record.status_unknown"]),
        (f"{PEOPLE}p4,eve,active,03/04/2026\n", {"expected_size": 4},
         ["record.departure_unreadable"]),
        (f"{PEOPLE}p2,bob,active,\n", {"excuses": ["no_count"]}, ["read.duplicate_id"]),
        (PEOPLE, {"expected_size": 3, "attributes": {"title": "Job"}}, ["file.column_missing"]),
    ],
)  # fmt: skip
def test_what_falls_short_has_its_reason(
    text: str, settings: dict[str, Any], expected: list[str], tmp_path: Path
) -> None:
    """Content is held to the same points as a server's list."""
    reading, _ = run(tmp_path, text, **settings)
    assert codes(reading) == expected
    assert (reading.state is State.COMPLETE) == (not expected)
    assert "server" not in " ".join(one.message for one in reading.users.reasons)


def test_a_round_number_of_people_may_be_a_limit_of_the_exporter(tmp_path: Path) -> None:
    """Exactly a hundred rows are not believed unless the number was expected."""
    rows = HEAD + "".join(f"p{number},n{number},active,\n" for number in range(100))
    assert codes(run(tmp_path, rows, excuses=["no_count"])[0]) == ["read.possible_cap"]
    assert run(tmp_path, rows, expected_size=100)[0].state is State.COMPLETE


def test_a_date_has_one_form(tmp_path: Path) -> None:
    """With a form of its own a file's dates are read by it alone, and times in it are local."""
    text = f"{HEAD}p1,ana,terminated,03.04.2026\n"
    _, records = run(tmp_path, text, export={"date_format": "%d.%m.%Y"})
    assert records.people[0].departed_at == datetime(2026, 4, 3, 22, tzinfo=UTC)
    text = f"{HEAD}p1,ana,terminated,2026-04-03\n"
    reading, _ = run(tmp_path, text, expected_size=1, export={"date_format": "%d.%m.%Y"})
    assert codes(reading) == ["record.departure_unreadable"]
    text = f"{HEAD}p1,ana,terminated,03.04.2026 18:00\n"
    _, records = run(tmp_path, text, export={"date_format": "%d.%m.%Y %H:%M"})
    assert records.people[0].departed_at == datetime(2026, 4, 3, 16, tzinfo=UTC)


def test_fields_are_taken_from_the_columns_that_are_named(tmp_path: Path) -> None:
    """Names of columns are compared without case; several addresses may stand in one cell."""
    text = "Nr;E-Mail;Status;Note\n1;a@x.example, b@x.example;aktiv;=HYPERLINK(1)\n2; ;weg;\n"
    _, records = run(
        tmp_path,
        text,
        attributes={
            "person_id": "nr",
            "emails": "e-mail",
            "display_name": "note",
            "status": "STATUS",
        },
        status_values={"active": ["aktiv"], "terminated": ["weg"]},
        export={"delimiter": ";"},
    )
    first, second = records.people
    assert first.emails == ("a@x.example", "b@x.example")
    assert first.display_name == "=HYPERLINK(1)"
    assert second.emails == ()
    assert second.status is PersonStatus.TERMINATED


def test_values_of_objects_are_understood(tmp_path: Path) -> None:
    """Numbers are ids, lists are addresses, and what is neither is never passed over."""
    people = [
        {"person_id": 7, "active": True, "emails": ["a@x.example", "b@x.example"], "title": 5},
        {"person_id": 8, "active": "FALSE", "departed_at": {"day": 1}},
    ]
    reading, records = run(tmp_path, json.dumps(people), name="people.json")
    assert [one.person_id for one in records.people] == ["7", "8"]
    assert records.people[0].emails == ("a@x.example", "b@x.example")
    assert records.people[0].title == "5"
    assert records.people[1].status is PersonStatus.TERMINATED
    assert codes(reading) == ["record.departure_unreadable"]


def test_a_time_without_zone_is_noted(tmp_path: Path) -> None:
    """What is tolerated is told once, with how many rows show it."""
    text = f"{HEAD}p1,ana,terminated,2026-04-03T18:00\np2,bob,terminated,2026-04-03T18:00\n"
    reading, _ = run(tmp_path, text, expected_size=2)
    assert reading.users.deviations == (
        "departed_at has no zone, taken as the organization's: 2 rows",
    )


APP: dict[str, Any] = {"role": "app", "excuses": ["no_count"], "path": "app.csv"}
TWINS = "account_id,user_name,active\n1,ana,true\n2,ANA,true\n3,,true\n"
USERS = "account_id,user_name,active,privileged\n1,Ana,true,TRUE\n2,bob,False,\n3,cid,yes,\n"


def app(folder: Path, members: str, **settings: Any) -> tuple[Reading, Records]:  # noqa: ANN401 - any setting of a source
    write(folder / "members.csv", members)
    more = {"active_values": {"active": ["yes"]}, "memberships": {"path": "members.csv"}}
    return run(folder, USERS, name="app.csv", **{**APP, **more, **settings})


def test_memberships_come_from_a_file_of_their_own(tmp_path: Path) -> None:
    """Members are named by id or by user name in any case; a group may be without any."""
    reading, records = app(
        tmp_path, "group_id,group_name,user_name\neng,Engineers,ANA\neng,Engineers,bob\nnone,,\n"
    )
    assert (reading.users.state, reading.groups.state) == (State.COMPLETE, State.COMPLETE)
    assert [(one.active, one.privileged) for one in records.accounts] == [
        (True, True), (False, None), (True, None),
    ]  # fmt: skip
    assert [(one.group_id, one.member_id) for one in records.memberships] == [
        ("eng", "1"), ("eng", "2"),
    ]  # fmt: skip
    assert [(one.group_id, one.display_name) for one in records.groups] == [
        ("eng", "Engineers"), ("none", None),
    ]  # fmt: skip
    assert reading.memberships_received == 2
    assert "3 of 3 used" in [one.detail for one in reading.groups.proof]
    assert reading.groups.received == 2


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ("group_id,account_id\neng,1\neng,1\n", "read.duplicate_id"),
        ("group_id,account_id\n,1\n", "record.id_missing"),
        ("group_id,login\neng,1\n", "file.column_missing"),
        ("account_id\n1\n", "file.column_missing"),
        ("group_id,account_id\neng\n", "file.ragged"),
    ],
)
def test_memberships_that_fall_short_leave_the_users_alone(
    members: str, expected: str, tmp_path: Path
) -> None:
    """The two files are proved each for itself."""
    reading, _ = app(tmp_path, members)
    assert reading.users.state is State.COMPLETE
    assert expected in [one.code for one in reading.groups.reasons]
    assert reading.groups.state is State.INCOMPLETE


def test_a_member_nobody_knows_is_told(tmp_path: Path) -> None:
    """They are kept under the name they have; a name of two accounts names neither."""
    reading, records = app(
        tmp_path,
        "Team,Login\neng,eve\n",
        memberships={
            "path": "members.csv",
            "attributes": {"group_id": "Team", "user_name": "Login"},
        },
    )
    assert "eve" in reading.groups.deviations[-1]
    assert records.memberships[0].member_id == "eve"


def test_a_user_name_of_two_accounts_names_neither(tmp_path: Path) -> None:
    """Nobody guesses whose membership it is, and the file may be an array too."""
    write(tmp_path / "members.json", json.dumps([{"group_id": "eng", "user_name": "ana"}]))
    memberships = {"path": "members.json"}
    _, records = run(tmp_path, TWINS, name="app.csv", memberships=memberships, **APP)
    assert [one.member_id for one in records.memberships] == ["ana"]


def test_an_empty_array_is_a_whole_empty_list(tmp_path: Path) -> None:
    """It has no columns to miss, and is believed only where that is allowed."""
    assert codes(run(tmp_path, "[]", name="people.json")[0]) == ["read.empty"]
    reading, _ = run(tmp_path, "[]", name="people.json", allow_empty=True)
    assert reading.state is State.COMPLETE


def test_a_formula_is_no_value(tmp_path: Path) -> None:
    """A column that is used must hold values; one that is not may hold anything."""

    def spoil(book: Workbook, sheet: Worksheet) -> None:
        sheet["H5"] = "=1"

    reading, _ = run(tmp_path, workbook(spoil), name="people.xlsx")
    assert "file.formula" in codes(reading)
    elsewhere = {"status": "worker_type"}
    reading, _ = run(tmp_path, workbook(spoil), name="people.xlsx", attributes=elsewhere)
    assert reading.state is State.COMPLETE


def test_a_trailer_that_counts_otherwise_is_believed(tmp_path: Path) -> None:
    """What the exporter counted is reported beside what was received."""
    reading, _ = run(tmp_path, f"{PEOPLE}# 4\n", export={"trailer": "# {count}"})
    assert codes(reading) == ["file.trailer_contradicts"]
    assert (reading.users.reported, reading.users.received) == (4, 3)


def test_an_app_without_a_file_of_memberships_has_no_groups(tmp_path: Path) -> None:
    """Groups are NOT_READ with a reason, and the users stand for themselves."""
    reading, records = run(tmp_path, USERS.replace("yes", "true"), name="app.csv", **APP)
    assert reading.state is State.COMPLETE
    assert reading.groups.state is State.NOT_READ
    assert reading.groups.reasons[0].code == "groups.unsupported"
    assert records.groups == ()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "path is missing"),
        ({"path": "a.pdf"}, "export.format"),
        ({"path": "a.csv", "url": "https://x.example"}, "url means nothing"),
        ({"path": "a.csv", "page_size": 5}, "page_size means nothing"),
        ({"path": "a.csv", "type": "slack"}, "path is a setting"),
        ({"path": "a.csv", "export": {"date_format": "%d.%m.%y"}}, "four digits"),
        ({"path": "a.csv", "export": {"date_format": "%d %m %Y %U"}}, "may hold"),
        ({"path": "a.csv", "export": {"encoding": "latin-99"}}, "not a known text encoding"),
        ({"path": "a.csv", "export": {"trailer": "# rows"}}, "number of records"),
        ({"path": "a.csv", "export": {"max_age": "3 business days"}}, "length of time"),
        ({"path": "a.csv", "export": {"exported_at": "2026-11-01T00:00:00"}}, "timezone"),
        ({"path": "a.csv", "memberships": {"path": "b.csv", "attributes": {"team": "x"}}},
         "not a field"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], words: str) -> None:
    """A file has no pages, a server no path, and a date only one reading."""
    with pytest.raises(ValueError, match=words):
        Source.model_validate({"type": "file", **settings})


def test_contradicting_settings_are_refused_before_a_file_is_opened(tmp_path: Path) -> None:
    """An HRIS has no memberships, and a workbook no last line."""
    memberships = {"path": "b.csv"}
    with pytest.raises(ConfigError, match=r"sources\.people\.memberships"):
        collector(tmp_path, memberships=memberships)
    with pytest.raises(ConfigError, match=r"export\.trailer"):
        collector(tmp_path, path="people.xlsx", export={"trailer": "# {count}"})


def test_the_registry_builds_a_file_source(tmp_path: Path) -> None:
    """Tabs are the delimiter of .tsv, and the column of departures has a name."""
    source = Source.model_validate({"type": "file", "role": "hris", "path": "a.tsv"})
    built = build_collector("people", source, BERLIN, tmp_path)
    assert isinstance(built, FileCollector)
    assert built._source.users.layout.delimiter == "\t"
    assert departure_place(source) == "departed_at"
    named = source.model_copy(update={"attributes": {"departed_at": "Last day"}})
    assert departure_place(named) == "Last day"


def look(folder: Path, *, groups_needed: bool = False, **settings: Any) -> Survey:  # noqa: ANN401 - any setting of a source
    found, _ = asyncio.run(look_at_files(collector(folder, **settings), groups_needed))
    return found


def test_a_look_says_what_an_audit_would_find(tmp_path: Path) -> None:
    """The file is read whole, and what would leave it incomplete is lacking."""
    write(tmp_path / "people.csv", PEOPLE)
    survey = look(tmp_path)
    assert [one.code for one in survey.lacking] == ["file.no_count"]
    assert (survey.users.given, survey.users.asked, survey.reachable) == (3, 0, True)
    shown = {one.name: (one.seen, one.of) for one in survey.users.abilities}
    assert shown["departed"] == (1, 3)
    assert shown["user_name"] == (3, 3)
    assert look(tmp_path, expected_size=3).usable


def test_a_look_at_an_app_counts_its_groups_where_they_are_needed(tmp_path: Path) -> None:
    """Groups nobody needs are a note, groups an entitlement needs are lacking."""
    write(tmp_path / "app.csv", USERS.replace("yes", "true"))
    survey = look(tmp_path, **APP)
    assert survey.usable
    assert [one.code for one in survey.notes] == ["groups.unsupported"]
    assert not look(tmp_path, groups_needed=True, **APP).usable
    missing = look(tmp_path, path="gone.csv")
    assert not missing.reachable
    assert missing.users.failure is not None
    assert missing.role is Role.HRIS


def test_progress_is_told_with_the_state(tmp_path: Path) -> None:
    """A live display learns how many there are and whether they are all."""
    write(tmp_path / "people.csv", PEOPLE)
    seen: list[Progress] = []
    asyncio.run(collector(tmp_path, expected_size=3).read(MemoryRecorder(), seen.append))
    assert [(one.phase, one.received, one.state) for one in seen] == [
        ("users", 3, None),
        ("users", 3, State.COMPLETE),
    ]
