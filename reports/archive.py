"""A workbook file that is the same to the byte whenever its content is the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from openpyxl.workbook import Workbook
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.writer.excel import ExcelWriter

from scanner.errors import EvidenceError

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PRIVATE = 0o600


@contextmanager
def workbook_at(target: Path) -> Iterator[Workbook]:
    """Give an empty book to write row by row, and store it at ``target`` when the block ends.

    The file is readable by its owner only and holds no trace of the clock: the same content gives
    the same bytes under the same versions of Python, zlib and openpyxl.
    Raises EvidenceError if a file cannot be written.
    """
    book = Workbook(write_only=True)
    try:
        yield book
        _save(book, target)
    except OSError as error:
        raise EvidenceError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        _close_sheets(book)


def _save(book: Workbook, target: Path) -> None:
    with TemporaryFile(dir=target.parent) as draft:
        # Saving through the book would stamp the present time into it.
        ExcelWriter(book, ZipFile(draft, "w", ZIP_STORED)).save()
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(target, flags, _PRIVATE), "wb") as out:
            _copy_timeless(draft, out)


def _close_sheets(book: Workbook) -> None:
    """Release the files of sheets that an error left open."""
    for sheet in book.worksheets:
        if isinstance(sheet, WriteOnlyWorksheet) and not sheet.closed:
            with suppress(OSError):
                sheet.close()


def _copy_timeless(draft: IO[bytes], out: IO[bytes]) -> None:
    with ZipFile(draft) as source, ZipFile(out, "w") as result:
        for name in source.namelist():
            part = ZipInfo(name, _EPOCH)
            part.compress_type = ZIP_DEFLATED
            part.create_system = _UNIX
            part.external_attr = _PRIVATE << 16
            part.file_size = source.getinfo(name).file_size  # decides on the zip64 form
            with source.open(name) as reader, result.open(part, "w") as writer:
                shutil.copyfileobj(reader, writer)
