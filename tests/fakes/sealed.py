"""The run folder of a golden company, with the responses that its records say they come from."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from scanner.evidence.response import encode_response
from scanner.model import Pointer, Population
from tests.fakes.evidence import Heard
from tests.fakes.reconciled import Reconciled, findings_document
from tests.plain.company import History, Run

REGISTERS = ("waivers", "accounts")
LONGEST = 2000


def seal(real: Reconciled, history: History) -> Path:
    """Complete the folder of the newest audit with all that an explanation reads."""
    run, folder = history.runs[-1], real.folder
    (folder / "findings.json").write_bytes(findings_document(real, history))
    (folder / "manifest.json").write_text(json.dumps(_manifest(run, history)))
    (folder / "registers").mkdir()
    for name in REGISTERS:
        entries = "".join(f"[[{name}]]\nline = {one}\n\n\n\n" for one in range(1, LONGEST, 5))
        (folder / f"registers/{name}.toml").write_text(entries)
    for file, records in _responses(run).items():
        body = json.dumps(records) if file.endswith(".json") else "\n".join(records)
        place = folder / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encode_response(Heard(body=body.encode())))
    return folder


def _manifest(run: Run, history: History) -> dict[str, Any]:
    return {
        "run": run.name,
        "as_of": _text(run.at),
        "timezone": history.config.organization.timezone,
        "policy": {"limit": history.config.policy.deprovision_within, "reference": "ACP-07"},
        "files": [],
        "sources": [
            {
                "name": one.source,
                "role": one.role,
                "users": _population(one.users),
                "groups": _population(one.groups),
            }
            for one in run.readings
        ],
        "registers": [
            {"name": name, "path": f"{name}.toml", "path_in_run": f"registers/{name}.toml"}
            for name in REGISTERS
        ],
    }


def _population(one: Population) -> dict[str, Any]:
    return {
        "state": one.state,
        "reported": one.reported,
        "received": one.received,
        "proof": [{"name": "ids_equal_total", "held": not one.reasons, "detail": "of ids"}],
        "responses": [],
        "reasons": [{"message": why.message, "hint": "read again"} for why in one.reasons],
    }


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _responses(run: Run) -> dict[str, list[Any]]:
    """Every response by its path: a list as long as its pointers ask for."""
    found: defaultdict[str, dict[int, Any]] = defaultdict(dict)

    def put(pointer: Pointer, record: object) -> None:
        found[pointer.response][pointer.index] = record

    for records in run.records.values():
        for person in records.people:
            put(person.pointer, {"id": person.person_id, "displayName": person.display_name})
        for account in records.accounts:
            put(account.pointer, {"id": account.account_id, "userName": account.user_name})
        members = [{"value": one.member_id} for one in records.memberships]
        for group in records.groups:
            put(group.pointer, {"displayName": group.display_name, "members": members})
    for event in run.events:
        # The heading of a delimited file stands before its first row.
        put(Pointer(event.pointer.response, event.pointer.index + 1), event.account_id)
        put(Pointer(event.pointer.response, 0), "account_id")
    return {
        file: [rows.get(at, {} if file.endswith(".json") else "x") for at in range(max(rows) + 1)]
        for file, rows in found.items()
    }
