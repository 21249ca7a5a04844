"""Run one target under atheris, guided by coverage: ``python -m tests.fuzz.run TARGET [OPTIONS]``.

Options are those of libFuzzer. The corpus grows in ``.fuzz/TARGET``; an input that breaks a promise
is written to ``.fuzz/crashes``, its path is printed, and given as an option it is run once more.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

# What collectors hand on without a look of their own is watched too.
WATCHED = ["collectors", "scanner", "httpx._urlparse", "httpx._urls", "email", "json"]

with atheris.instrument_imports(include=WATCHED):
    from tests.fuzz.targets import EXAMPLES, TARGETS, TOKENS

FOLDER = Path(".fuzz")


def _dictionary_line(token: str) -> str:
    """Write one word as libFuzzer's dictionaries do."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in token.encode()) + '"\n'


def main() -> None:
    """Fuzz until the options say to stop; ends the process, with an error after a finding."""
    name, *options = sys.argv[1:]
    corpus, crashes = FOLDER / name, FOLDER / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(EXAMPLES[name]):
        (corpus / f"example-{number}").write_bytes(example)
    words = FOLDER / f"{name}.dict"
    words.write_text("".join(map(_dictionary_line, TOKENS[name])), encoding="ascii")
    given = [one for one in options if not one.startswith("-")]
    atheris.Setup(
        [
            sys.argv[0],
            f"-artifact_prefix={crashes}/{name}-",
            *([f"-dict={words}"] if TOKENS[name] else []),  # an empty one is an error
            *options,
            *([] if given else [str(corpus)]),
        ],
        TARGETS[name],
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
