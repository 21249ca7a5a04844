"""Lets pytest run with one wrong query in place: ``-p tests.mutation.plugin``.

``GHOSTSCAN_MUTANT`` is the path of a JSON file with the fields of the mutant.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutation.query import Mutant
from tests.mutation.trial import VARIABLE, in_place


@pytest.fixture(autouse=True)
def _wrong_query() -> Iterator[None]:
    with in_place(Mutant(**json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8")))):
        yield
