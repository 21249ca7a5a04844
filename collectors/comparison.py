"""What shows only when readings are held against each other and against the last COMPLETE run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from collectors.domain import Domains, check_domains, known_domains, mail_domains, overlap
from collectors.headcount import count_people, guard_note, guards_of
from collectors.scim.point import Checked
from scanner.config import Source
from scanner.model import Earlier, Population, Reading, Records, Role, State


def compare(
    sources: Mapping[str, Source],
    readings: Sequence[Reading],
    records: Mapping[str, Records],
    earlier: Mapping[str, Earlier],
    domain_aliases: Mapping[str, str],
) -> tuple[Reading, ...]:
    """Give the readings with what the others, and ``earlier`` COMPLETE runs, say of them.

    A COMPLETE HRIS gets its headcount and the guards against a sudden change of it. Where every
    HRIS is COMPLETE, an app whose mail addresses are of other domains becomes INCOMPLETE. What is
    not COMPLETE stays as it is, and so does what was compared before. Pure: the same arguments give
    the same readings.
    """
    known = _known_domains(readings, records, domain_aliases)
    return tuple(
        _with_headcount(one, sources[one.source], records[one.source], earlier.get(one.source))
        if one.role is Role.HRIS
        else _with_domains(one, sources[one.source], records[one.source], known)
        for one in readings
    )


def _known_domains(
    readings: Sequence[Reading], records: Mapping[str, Records], aliases: Mapping[str, str]
) -> frozenset[str] | None:
    hris = [one for one in readings if one.role is Role.HRIS]
    if any(one.state is not State.COMPLETE for one in hris):
        return None
    people = (person for one in hris for person in records[one.source].people)
    return known_domains([mail_domains(person) for person in people], aliases)


def _with_headcount(
    reading: Reading, source: Source, records: Records, earlier: Earlier | None
) -> Reading:
    if reading.state is not State.COMPLETE:
        return reading
    headcount = count_people(records.people)
    guards = guards_of(headcount, earlier, source)
    told = [guard_note(guard, len(records.people)) for guard in guards]
    notes = tuple(one for one in told if one is not None)
    deviations = tuple(dict.fromkeys((*reading.users.deviations, *notes)))
    users = replace(reading.users, deviations=deviations)
    return replace(reading, users=users, headcount=headcount, guards=guards)


def _with_domains(
    reading: Reading, source: Source, records: Records, known: frozenset[str] | None
) -> Reading:
    if reading.state is not State.COMPLETE or known is None:
        return reading
    accounts: Domains = [mail_domains(account) for account in records.accounts]
    checked = check_domains(overlap(accounts, known), source.min_domain_percent)
    return reading if checked is None else replace(reading, users=_judged(reading.users, checked))


def _judged(users: Population, checked: Checked) -> Population:
    return replace(
        users,
        state=State.COMPLETE if checked.point.held else State.INCOMPLETE,
        reasons=users.reasons + checked.reasons,
        proof=tuple(dict.fromkeys((*users.proof, checked.point))),
    )
