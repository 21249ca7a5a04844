"""The page: one HTML file that needs nothing else, runs nothing it does not carry, and prints."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.view import view
from scanner.model import Audit

TEMPLATES = Path(__file__).parent.parent / "templates"
STYLE = "_style.css.j2"
SCRIPT = "_script.js.j2"


def render_page(audit: Audit) -> bytes:
    """Return ``report.html`` as UTF-8: the same audit always gives the same bytes.

    Whatever a server sent is escaped and visible. The page's content security policy allows its
    own style and its own script, named by their SHA-256, and nothing else; without the script
    every finding is still there.
    """
    environment = page_environment()
    page = view(audit)
    digests = {
        f"{name}_digest": style_digest(environment.get_template(template).render(page=page))
        for name, template in (("style", STYLE), ("script", SCRIPT))
    }
    return environment.get_template("report.html.j2").render(page=page, **digests).encode()


def page_environment() -> Environment:
    """Give what renders a page: every value escaped, every missing one an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style_digest(text: str) -> str:
    """The form in which a content security policy names an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
