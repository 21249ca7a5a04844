"""One function per command, each a table of contents: it knows every part and decides nothing.

Heavy libraries are imported inside the stage that needs them, so that ``--help`` stays quick.
"""

from scanner.workflow.baseline import Approved, approve_baseline
from scanner.workflow.collection import Clock
from scanner.workflow.demonstration import demo, serving_demo
from scanner.workflow.evidence import verify
from scanner.workflow.execution import Rehearsal, execute, rehearse, undo
from scanner.workflow.explanation import explain
from scanner.workflow.history import diff, history
from scanner.workflow.preparation import check, init
from scanner.workflow.remediation import PlanOrder, approve, operator, plan, read_plan_file
from scanner.workflow.report import FORMATS, Rendered, report
from scanner.workflow.resumption import interrupted
from scanner.workflow.review import Exported, Imported, export_review, import_review
from scanner.workflow.run import EXIT_CODES, Outcome, audit
from scanner.workflow.script import Scripted, script
from scanner.workflow.snapshot import Collected, snapshot

__all__ = [
    "EXIT_CODES",
    "FORMATS",
    "Approved",
    "Clock",
    "Collected",
    "Exported",
    "Imported",
    "Outcome",
    "PlanOrder",
    "Rehearsal",
    "Rendered",
    "Scripted",
    "approve",
    "approve_baseline",
    "audit",
    "check",
    "demo",
    "diff",
    "execute",
    "explain",
    "export_review",
    "history",
    "import_review",
    "init",
    "interrupted",
    "operator",
    "plan",
    "read_plan_file",
    "rehearse",
    "report",
    "script",
    "serving_demo",
    "snapshot",
    "undo",
    "verify",
]
