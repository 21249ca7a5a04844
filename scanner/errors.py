"""The one error tree.

::

    GhostscanError(message, hint)
    ├── UsageError              an option or argument cannot be used          exit 64
    │   └── ConfigError         ghostscan.toml or a secret reference is wrong  exit 64
    ├── SourceError(source, code)   one source could not be read: a reason, the run goes on
    ├── RefusedError            what was asked is not safe now; nothing was sent  exit 30
    ├── InterruptedRun          stopped by the user; what was proved is kept   exit 130
    ├── UnrecordedError         what was done cannot be written down: nothing more is sent  exit 40
    ├── EvidenceError           a run folder cannot be written or read         exit 64
    └── IntegrityError          evidence is not what was sealed                exit 50

Every error says what happened, to which source or file, and what to do next (``hint``).
Only the command line turns an error into text and an exit code.
"""

from __future__ import annotations


class GhostscanError(Exception):
    """Root of every error raised on purpose; ``message`` is one line, ``hint`` is the next step."""

    exit_code = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GhostscanError):
    """An option or argument cannot be used as given."""

    exit_code = 64


class ConfigError(UsageError):
    """The configuration file, or something it refers to, is wrong."""


class SourceError(GhostscanError):
    """One source could not be read as asked; becomes a reason of that source, never a traceback.

    ``code`` is a stable reason code such as ``read.connect``.
    """

    exit_code = 20

    def __init__(self, source: str, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.source = source
        self.code = code


class RefusedError(GhostscanError):
    """What was asked would not be safe: a guard, an approval or an age forbids it.

    Raised before anything is sent.
    """

    exit_code = 30


class UnrecordedError(GhostscanError):
    """The journal of an apply cannot be written, so nothing more may be sent; it can be resumed."""

    exit_code = 40


class InterruptedRun(GhostscanError):  # noqa: N818 - not a fault, as the name would say
    """The user stopped a run that can be continued; the hint is how."""

    exit_code = 130


class EvidenceError(GhostscanError):
    """A run folder cannot be created, written or read."""

    exit_code = 64


class IntegrityError(GhostscanError):
    """Evidence differs from what was recorded when the run ended."""

    exit_code = 50
