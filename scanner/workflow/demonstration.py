"""The fictitious company, audited."""

from __future__ import annotations

import os
from pathlib import Path

from scanner.config import load_config
from scanner.errors import EvidenceError
from scanner.model import ProgressListener
from scanner.workflow.collection import Clock
from scanner.workflow.run import Outcome, audit


def demo(directory: Path, *, clock: Clock, listener: ProgressListener, seed: int) -> Outcome:
    """Let the fictitious company serve itself on loopback and audit it into ``directory``."""
    from collectors.demo.company import make_company
    from collectors.demo.configuration import configuration
    from collectors.demo.server import serve
    from collectors.demo.site import TOKEN_VARIABLE

    company = make_company(seed, clock())
    with serve(company) as site:
        path = _write_demo_config(directory, configuration(company, site))
        os.environ[TOKEN_VARIABLE] = site.token
        try:
            return audit(load_config(path), clock=clock, listener=listener)
        finally:
            del os.environ[TOKEN_VARIABLE]


def _write_demo_config(directory: Path, text: str) -> Path:
    path = directory / "ghostscan.toml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.read_text(encoding="utf-8").startswith(text.splitlines()[0]):
            raise EvidenceError(
                f"{path} is not the demo's own file", "name another folder: ghostscan demo DIR"
            )
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EvidenceError(
            f"{directory} cannot be written: {error.strerror}", "name another: ghostscan demo DIR"
        ) from None
    return path
