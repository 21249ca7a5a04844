"""Promises of the import of audit events."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collectors.file.events import EventExport, take_events
from scanner import workflow
from scanner.cli.program import run as _run
from scanner.config import EventFile, load_config
from scanner.errors import ConfigError
from scanner.evidence.response import read_response
from scanner.model import EventKind
from scanner.reconcile.parquet import read_rows
from tests.fakes.recorder import START, MemoryRecorder

BERLIN = ZoneInfo("Europe/Berlin")
HEAD = "account_id,user_name,event,occurred_at\n"
EVENTS = (
    f"{HEAD}w2,,deactivated,2026-10-01T08:00:00Z\n"
    "w2,,reactivated,2026-10-02T10:00:00+02:00\n"
    ",BO,deleted,2026-10-03T00:00:00.5Z\n"
)


def taken(folder: Path, text: str | bytes, **settings: Any) -> EventExport:  # noqa: ANN401 - any setting of an event file
    given = {"source": "wiki", "path": "events.csv", "excuses": ["no_count"], **settings}
    one = EventFile.model_validate(given)
    content = text.encode() if isinstance(text, str) else text
    (folder / one.path).write_bytes(content)
    (found,) = take_events([one], BERLIN, folder, lambda: START)
    return found


def refused(folder: Path, text: str, **settings: Any) -> ConfigError:  # noqa: ANN401 - any setting of an event file
    with pytest.raises(ConfigError) as caught:
        taken(folder, text, **settings)
    assert "events of wiki" in caught.value.message
    return caught.value


def test_events_are_read_recorded_and_placed(tmp_path: Path) -> None:
    """Each event has its instant in UTC and its row in the file that was recorded."""
    recorder = MemoryRecorder()
    events = taken(tmp_path, EVENTS).record(recorder)
    assert [(one.account_id, one.user_name, one.event) for one in events] == [
        ("w2", None, EventKind.DEACTIVATED),
        ("w2", None, EventKind.REACTIVATED),
        (None, "BO", EventKind.DELETED),
    ]
    assert events[1].occurred_at == datetime(2026, 10, 2, 8, tzinfo=UTC)
    assert [one.pointer.index for one in events] == [0, 1, 2]
    assert recorder.open(events[0].pointer.response).body == EVENTS.encode()


def test_the_words_and_columns_of_an_exporter_are_named(tmp_path: Path) -> None:
    """Spellings, columns and the form of times are settings; ignored rows keep their number."""
    text = "Wann;Wer;Was\n1.10.2026 10:00;w1;login\n1.10.2026 10:30;w1;gesperrt\n"
    found = taken(
        tmp_path,
        text,
        attributes={"account_id": "Wer", "event": "was", "occurred_at": "WANN"},
        event_values={"deactivated": ["gesperrt"], "ignored": ["login"]},
        export={"delimiter": ";", "date_format": "%d.%m.%Y %H:%M"},
    )
    (event,) = found.record(MemoryRecorder())
    assert event.occurred_at == datetime(2026, 10, 1, 8, 30, tzinfo=UTC)
    assert event.pointer.index == 1


def test_a_time_with_an_offset_of_its_own_keeps_it(tmp_path: Path) -> None:
    """Only what has no offset is taken as the organization's."""
    text = f"{HEAD}w1,,deleted,01.10.2026 10:00 +0000\n"
    found = taken(tmp_path, text, export={"date_format": "%d.%m.%Y %H:%M %z"})
    assert found.events[0][1].occurred_at == datetime(2026, 10, 1, 10, tzinfo=UTC)


def test_ndjson_is_read_too(tmp_path: Path) -> None:
    """One object a line, with the digest beside it recorded as well."""
    text = json.dumps(
        {"account_id": "w1", "event": "created", "occurred_at": "2026-10-01T00:00:00Z"}
    )
    content = f"{text}\n"
    digest = hashlib.sha256(content.encode()).hexdigest()
    (tmp_path / "events.ndjson.sha256").write_text(f"{digest}\n")
    found = taken(tmp_path, content, path="events.ndjson", excuses=[])
    assert len(found.exchanges) == 2
    recorder = MemoryRecorder()
    assert found.record(recorder)[0].event is EventKind.CREATED
    assert [one.purpose for one in recorder.exchanges] == ["events", "sha256"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("w1,,suspended,2026-10-01T00:00:00Z", "line 2 .* has the event 'suspended'"),
        ("w1,,,2026-10-01T00:00:00Z", "line 2 .* has no event"),
        (",,deleted,2026-10-01T00:00:00Z", "line 2 .* names no account"),
        ("w1,,deleted,2026-10-01", "RFC 3339 time with an offset"),
        ("w1,,deleted,2026-10-01T00:00:00", "RFC 3339 time with an offset"),
        ("w1,,deleted,2026-13-01T00:00:00Z", "RFC 3339 time with an offset"),
        ("w1,,deleted,", "RFC 3339 time with an offset"),
        ("w1,,deleted", "line 2 has 3 cells"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named(row: str, words: str, tmp_path: Path) -> None:
    """The file is refused with its line: an event left out could be the one that matters."""
    assert refused(tmp_path, f"{HEAD}{row}\n").args
    with pytest.raises(ConfigError, match=words):
        taken(tmp_path, f"{HEAD}{row}\n")


def test_a_time_in_another_form_than_that_of_the_file_is_refused(tmp_path: Path) -> None:
    """With a form of its own a file has no other."""
    error = refused(tmp_path, EVENTS, export={"date_format": "%d.%m.%Y %H:%M"})
    assert "line 2" in error.message


@pytest.mark.parametrize(
    ("text", "settings", "words"),
    [
        (EVENTS, {"excuses": []}, "not cut after its 3 rows"),
        (EVENTS, {"excuses": [], "expected_size": 4}, "not cut after its 3 rows"),
        (EVENTS[:-1], {}, "without a line break"),
        (EVENTS, {"export": {"trailer": "# {count}"}}, "trailer"),
        (EVENTS, {"export": {"sha256": "0" * 64}}, "SHA-256"),
        (EVENTS.replace("event", "was", 1), {}, "no column event"),
        (EVENTS.replace("account_id,user_name", "a,b", 1), {}, "no column account_id"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(
    text: str, settings: dict[str, Any], words: str, tmp_path: Path
) -> None:
    """Half a list of events could make a late removal look timely."""
    assert words in refused(tmp_path, text, **settings).message


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The error names it before anything is asked of anybody."""
    one = EventFile.model_validate({"source": "wiki", "path": "gone.csv"})
    with pytest.raises(ConfigError, match=r"gone\.csv"):
        take_events([one], BERLIN, tmp_path, lambda: START)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"path": "events.log"}, "export.format"),
        ({"path": "e.csv", "attributes": {"when": "x"}}, "not a field"),
        ({"path": "e.csv", "export": {"date_format": "%d.%m.%Y"}}, "no hour"),
    ],
)
def test_settings_without_meaning_are_refused(settings: dict[str, Any], words: str) -> None:
    """An event has a time of day, and a file a form that is known."""
    with pytest.raises(ValueError, match=words):
        EventFile.model_validate({"source": "wiki", **settings})


CONFIG = """
[sources.people]
role = "hris"
type = "file"
path = "people.csv"
expected_size = 2

[sources.wiki]
type = "file"
path = "wiki.csv"
expected_size = 3

[[events]]
source = "SOURCE"
path = "events.csv"
expected_size = 3

[[events]]
source = "SOURCE"
path = "more.csv"
expected_size = 2
"""


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two people, three accounts of whom two share a name, and two files of events."""
    files = {
        "people.csv": "person_id,user_name,status\n1,ana,active\n2,bo,terminated\n",
        "wiki.csv": "account_id,user_name,active\nw1,ana,true\nw2,bo,false\nw3,ANA,true\n",
        "events.csv": EVENTS,
        "more.csv": f"{HEAD},ana,created,2026-01-01T00:00:00Z\nw9,,deleted,2026-01-01T00:00:00Z\n",
        "ghostscan.toml": CONFIG.replace("SOURCE", "wiki"),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (START.timestamp(), START.timestamp()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("collectors.file.collector._utc_now", lambda: START)
    return tmp_path


def test_events_become_a_table_of_the_run(company: Path) -> None:
    """A user name stands for its one account; of two accounts for neither, and it is told."""
    loaded = load_config(company / "ghostscan.toml")
    outcome = workflow.audit(loaded, clock=lambda: START, listener=lambda _: None)
    rows = read_rows(outcome.folder / "tables/events/wiki.parquet")
    assert [(row["account_id"], row["event"]) for row in rows] == [
        ("w2", "deactivated"),
        ("w2", "reactivated"),
        ("w2", "deleted"),
        ("w9", "deleted"),
    ]
    assert {row["source"] for row in rows} == {"wiki"}
    for row in rows:
        kept = read_response(outcome.folder, row["response"])
        assert kept.purpose == "events"
        line = kept.body.decode().splitlines()[1 + row["response_index"]]
        assert row["event"] in line
    wiki = outcome.audit.sources[1].users
    assert any(note.startswith("1 imported events") for note in wiki.deviations)
    people = outcome.audit.sources[0].users
    assert not any("imported" in note for note in people.deviations)
    assert workflow.verify(outcome.folder).problems == ()


def test_an_account_that_was_deleted_is_still_known_by_its_user_name(company: Path) -> None:
    """Its last name leads to it, unless an account that is there now has that name too."""
    loaded = load_config(company / "ghostscan.toml")
    rewrite(
        company / "wiki.csv", "account_id,user_name,active\nw1,ana,true\nw2,bo,true\nw4,cy,true\n"
    )
    workflow.snapshot(loaded, clock=lambda: START, listener=lambda _: None)
    rewrite(
        company / "wiki.csv", "account_id,user_name,active\nw1,an,true\nw5,CY,true\nw6,di,true\n"
    )
    day = "2026-01-02T00:00:00Z"
    named = "".join(f",{name},deleted,{day}\n" for name in ("Bo", "cy", "ana"))
    rewrite(company / "events.csv", HEAD + named)
    rewrite(company / "more.csv", f"{HEAD},di,created,{day}\nw9,,created,{day}\n")
    later = START + timedelta(minutes=5)
    outcome = workflow.audit(loaded, clock=lambda: later, listener=lambda _: None)
    rows = read_rows(outcome.folder / "tables/events/wiki.parquet")
    assert [(row["account_id"], row["event"]) for row in rows] == [
        ("w2", "deleted"), ("w6", "created"), ("w9", "created"),
    ]  # fmt: skip


def rewrite(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, (START.timestamp(), START.timestamp()))


def test_a_continued_run_imports_the_events_again(
    company: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted after the import, a run keeps its sources and has each event once in the end."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    loaded = load_config(company / "ghostscan.toml")
    with monkeypatch.context() as patch:
        patch.setattr("scanner.reconcile.judge.reconcile", interrupt)
        with pytest.raises(KeyboardInterrupt):
            workflow.audit(loaded, clock=lambda: START, listener=lambda _: None)
    (partial,) = (company / "runs").glob(".*.partial")
    run = partial.name[1:].removesuffix(".partial")
    outcome = workflow.audit(loaded, clock=lambda: START, listener=lambda _: None, resume=run)
    assert len(read_rows(outcome.folder / "tables/events/wiki.parquet")) == 4
    kept = sorted(path.name for path in (outcome.folder / "responses").iterdir())
    assert kept == ["people", "wiki", "wiki.events"]
    assert workflow.verify(outcome.folder).problems == ()


def test_a_damaged_file_of_events_ends_the_run_before_it_begins(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 64 with the line, no run folder, no line in the chain; check says the same."""
    (company / "events.csv").write_text(EVENTS.replace("deleted", "gone"))
    for command in ("audit", "check"):
        assert _run([command]) == 64
        assert "line 4 of events.csv has the event 'gone'" in capsys.readouterr().err
    assert not (company / "runs").exists()


@pytest.mark.parametrize("name", ["people", "wikis"])
def test_events_are_about_an_app(
    name: str, company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A source that is none, or an HRIS, has no accounts to switch off."""
    (company / "ghostscan.toml").write_text(CONFIG.replace("SOURCE", name))
    assert _run(["check"]) == 64
    assert "no app is named" in capsys.readouterr().err
