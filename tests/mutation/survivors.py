"""Who survived, and why nobody could have noticed it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EXPLAINED = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True)
class Survivor:
    """A mutant that nothing noticed; ``id`` stays the same while the code around it changes."""

    id: str
    place: str


def explained() -> Mapping[str, str]:
    """Why each known survivor could not be noticed, by its id."""
    text = EXPLAINED.read_text(encoding="utf-8")
    causes = tomllib.loads(text).get("cause", [])
    return {name: cause["reason"] for cause in causes for name in cause["survivors"]}


def tell(tried: int, survivors: Sequence[Survivor]) -> int:
    """Tell the survivors, and count those that nothing explains."""
    reasons = explained()
    for one in survivors:
        say(f"survived {one.place}")
        say(f"  {reasons.get(one.id, 'NOT EXPLAINED')}; id = {one.id!r}")
    unexplained = sum(one.id not in reasons for one in survivors)
    say(f"{tried - len(survivors)} killed, {len(survivors)} survived, "
        f"of these {unexplained} not explained")  # fmt: skip
    return unexplained


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
