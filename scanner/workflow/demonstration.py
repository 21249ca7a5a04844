"""The fictitious company, audited."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanner.config import load_config
from scanner.errors import EvidenceError
from scanner.model import ProgressListener
from scanner.workflow.collection import Clock
from scanner.workflow.run import Outcome, audit

TOKEN = "token"  # noqa: S105 - the name of the file


def demo(directory: Path, *, clock: Clock, listener: ProgressListener, seed: int) -> Outcome:
    """Let the fictitious company serve itself on loopback and audit it into ``directory``."""
    from collectors.demo.company import make_company
    from collectors.demo.configuration import configuration
    from collectors.demo.server import serve
    from collectors.demo.site import TOKEN_VARIABLE

    company = make_company(seed, clock())
    with serve(company) as site:
        path = _write_demo_files(directory, configuration(company, site))
        os.environ[TOKEN_VARIABLE] = site.token
        try:
            return audit(load_config(path), clock=clock, listener=listener)
        finally:
            del os.environ[TOKEN_VARIABLE]


@contextmanager
def serving_demo(
    directory: Path, *, clock: Clock, listener: ProgressListener, seed: int
) -> Iterator[Outcome]:
    """Audit the fictitious company as :func:`demo` does, and let it serve until the block ends.

    Other processes of this user can read and change it meanwhile: the token stands in a file of
    ``directory`` that nobody else may read, and goes when the company does.
    """
    from collectors.demo.company import make_company
    from collectors.demo.configuration import configuration
    from collectors.demo.server import serve

    company = make_company(seed, clock())
    with serve(company) as site:
        path = _write_demo_files(directory, configuration(company, site, token=f"file:{TOKEN}"))
        token = path.with_name(TOKEN)
        token.unlink(missing_ok=True)
        try:
            with os.fdopen(
                os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
            ) as file:
                file.write(site.token)
            yield audit(load_config(path), clock=clock, listener=listener)
        finally:
            token.unlink(missing_ok=True)


def _write_demo_files(directory: Path, text: str) -> Path:
    from collectors.demo.configuration import protected_accounts

    path = directory / "ghostscan.toml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.read_text(encoding="utf-8").startswith(text.splitlines()[0]):
            raise EvidenceError(
                f"{path} is not the demo's own file", "name another folder: ghostscan demo DIR"
            )
        path.write_text(text, encoding="utf-8")
        path.with_name("protected.toml").write_text(protected_accounts(), encoding="utf-8")
    except OSError as error:
        raise EvidenceError(
            f"{directory} cannot be written: {error.strerror}", "name another: ghostscan demo DIR"
        ) from None
    return path
