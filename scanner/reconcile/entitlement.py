"""What entitlements ask of groups, and of which groups that cannot be concluded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from scanner.config import Config, approved_words
from scanner.model import Reason, Registers
from scanner.reconcile.facts import Place
from scanner.reconcile.parquet import Row, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.sentences import expectation, withheld_group


def read_expected(folder: Path, config: Config, registers: Registers) -> Mapping[Place, str]:
    """Say in words who is expected in each group that is judged, by app and group id.

    Several entitlements of a group add up, and an approved baseline with them. A group of which
    nothing is concluded is left out.
    """
    said = [expectation(one) for one in config.entitlements]
    said += [approved_words(one) for one in registers.baseline]
    withheld = {row["entitlement"] for row in _withheld_rows(folder)}
    words: defaultdict[Place, list[str]] = defaultdict(list)
    for row in read_rows(result_path(folder, "entitlement_groups")):
        if row["side"] == "app" and row["entitlement"] not in withheld:
            words[row["source"], row["group_id"]].append(said[row["entitlement"] - 1])
    return {place: ", or ".join(dict.fromkeys(found)) for place, found in words.items()}


def read_withheld(folder: Path) -> Mapping[Place, list[Reason]]:
    """Say why membership is not concluded, by app and by the group as the entitlement names it."""
    withheld: defaultdict[Place, list[Reason]] = defaultdict(list)
    for row in _withheld_rows(folder):
        withheld[row["app"], row["group_named"]].append(_reason(row))
    return {place: list(dict.fromkeys(reasons)) for place, reasons in withheld.items()}


def withheld_places(folder: Path) -> set[Place]:
    """Give the groups that are withheld, as they are named and by the ids of all they may mean."""
    rows = _withheld_rows(folder)
    withheld = {row["entitlement"] for row in rows}
    found = {
        (row["source"], row["group_id"])
        for row in read_rows(result_path(folder, "named_groups"))
        if row["side"] == "app" and row["entitlement"] in withheld
    }
    return found | {(row["app"], row["group_named"]) for row in rows}


def _withheld_rows(folder: Path) -> Sequence[Row]:
    return read_rows(result_path(folder, "withheld_groups"))


def _reason(row: Row) -> Reason:
    reason = withheld_group(
        row["app"], row["group_named"], row["problem"], row["unclear_source"], row["unclear_group"]
    )
    if row["unclear_basis"] == "baseline":
        return replace(reason, hint="approve again: ghostscan baseline approve")
    return reason
