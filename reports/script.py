"""The standalone script: words from its template, and the digest of the data it may use."""

from __future__ import annotations

import hashlib

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.page import TEMPLATES

DATA = "actions.txt"
SCRIPT = "remediate.sh"


def render_script(data: bytes, deadline_seconds: int) -> bytes:
    """Return ``remediate.sh``, which takes ``actions.txt`` with exactly this content.

    Nothing of the data stands in the script but its SHA-256.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,  # nothing that is filled in could need it
        keep_trailing_newline=True,
    )
    digest = hashlib.sha256(data).hexdigest()
    return (
        environment.get_template("remediate.sh.j2")
        .render(data_name=DATA, data_sha256=digest, deadline=deadline_seconds)
        .encode()
    )
