"""Before the first audit: a configuration to start from, and one look at each source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scanner.config import LoadedConfig
from scanner.errors import UsageError
from scanner.model import Survey
from scanner.workflow.events import open_events
from scanner.workflow.location import governed, locate

TEMPLATES = Path(__file__).parents[2] / "templates"


def init(path: Path, apps: Sequence[str]) -> None:
    """Write a commented configuration to a new file, with the blocks of the named profiles."""
    from collectors.profile import init_block

    text = (TEMPLATES / "ghostscan.toml").read_text(encoding="utf-8")
    blocks = [init_block(app) for app in apps]
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join([text, *blocks]))
    except FileExistsError:
        raise UsageError(f"{path} exists already", "name another file, or edit this one") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def check(loaded: LoadedConfig, names: Sequence[str] = ()) -> tuple[Survey, ...]:
    """Look once at the named sources, or at all, and write nothing.

    Raises UsageError for an unknown name and ConfigError for a setting, a secret or a file of
    events, before the first request; whatever a server does is part of the result.
    """
    from collectors.survey import survey_all

    config = locate(loaded).config
    for name in names:
        if name not in config.sources:
            raise UsageError(
                f"{name}: no source has this name", f"sources: {', '.join(config.sources)}"
            )
    open_events(loaded, lambda: datetime.now(UTC))
    chosen = {name: one for name, one in config.sources.items() if not names or name in names}
    return survey_all(
        chosen,
        config.organization.zone,
        loaded.folder,
        groups_needed=governed(config),
        domain_aliases=config.correlation.domain_aliases,
    )
