"""What runs the rules: the embedded engine, or a Spark cluster."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from scanner.config.strict import nearest

EMBEDDED = "duckdb"
_CLUSTER = re.compile(r"spark://[^\s/]+:\d{1,5}(,[^\s/]+:\d{1,5})*")
_MEMORY = re.compile(r"[1-9]\d*\s?[KMGT]i?B")
_STORAGE = re.compile(r"[a-z][a-z0-9+.-]*://\S*")


def _engine(value: str) -> str:
    if value != EMBEDDED and _CLUSTER.fullmatch(value) is None:
        raise ValueError(f'use "{EMBEDDED}" or "spark://host:7077"{nearest(value, [EMBEDDED])}')
    return value


def _memory(value: str) -> str:
    if _MEMORY.fullmatch(value) is None:
        raise ValueError('use an amount with its unit, like "4GiB"')
    return value


def _storage(value: str) -> str:
    if _STORAGE.fullmatch(value) is None:
        raise ValueError('use the URL of a folder all workers can reach, like "s3a://bucket/audit"')
    return value


EngineName = Annotated[str, AfterValidator(_engine)]
"""``duckdb`` or the master of a Spark cluster, ``spark://host:port``."""

Memory = Annotated[str, AfterValidator(_memory)]
"""How much memory the embedded engine may take before it uses the disk, as ``4GiB``."""

StorageUrl = Annotated[str, AfterValidator(_storage)]
"""A folder that every worker of a cluster can read and write, as Hadoop names it."""
