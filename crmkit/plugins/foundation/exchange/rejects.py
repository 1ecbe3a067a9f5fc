"""The rejects file: the rows that were not imported, as they stand in the file, and why."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from .errors import FileChangedError, FileRefusedError
from .sheet import Sheet
from .tally import Reject

ERROR: Final = "crmkit_error"


def rejects_path(path: Path, stated: Path | None, format: str) -> Path:
    """
    Where the rejected rows go: *stated*, else ``NAME.rejects.csv`` beside the file.

    Raises:
        FileRefusedError: If that is the file itself, or cannot be written there.
    """
    name = path.name.removesuffix(".gz")
    stem = name.rpartition(".")[0] or name
    found = stated or path.with_name(f"{stem}.rejects.{format}")
    if found.is_dir():
        raise FileRefusedError(f"{found}: a folder; expected a file name for the rejects")
    if found.exists() and found.samefile(path):
        raise FileRefusedError(f"{found}: the rejects would overwrite the file itself")
    if not found.parent.is_dir() or not os.access(found.parent, os.W_OK):
        raise FileRefusedError(
            f"{found}: the rejects cannot be written there; name another place with --rejects"
        )
    return found


class RejectsFile:
    """
    Grows in ``NAME.partial``, chunk by chunk before each is committed; named when complete.

    The committed size is kept with the import, so what a crash left behind it is cut off.
    """

    def __init__(self, path: Path, sheet: Sheet) -> None:
        self.path = path
        self._sheet = sheet
        self._partial = path.with_name(f"{path.name}.partial")

    def holds(self, size: int) -> bool:
        """Whether what an interrupted run wrote is still there, or has its name already."""
        if size == 0 or (self._partial.is_file() and self._partial.stat().st_size >= size):
            return True
        return self.path.is_file() and self.path.stat().st_size == size

    def append(self, rejects: Sequence[Reject], size: int) -> int:
        """Write after the first *size* bytes, and return the new size; on disk when it returns."""
        if not rejects:
            return size
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        text = self._text(rejects, with_headers=size == 0)
        with os.fdopen(os.open(self._partial, flags, 0o600), "r+b") as file:
            if os.fstat(file.fileno()).st_size < size:
                raise FileChangedError(f"{self._partial}: was changed; delete it and import again")
            file.truncate(size)
            file.seek(size)
            file.write(text.encode("utf-8", "backslashreplace"))
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def finish(self, size: int) -> Path | None:
        """Give the file its name; None when nothing was rejected."""
        if size == 0:
            self._partial.unlink(missing_ok=True)
            return None
        if self._partial.exists():
            os.truncate(self._partial, size)
            self._partial.replace(self.path)
        return self.path

    def _text(self, rejects: Iterable[Reject], *, with_headers: bool) -> str:
        if self._sheet.format == "jsonl":
            return "".join(map(_object, rejects))
        target = io.StringIO()
        writer = csv.writer(target, delimiter=self._sheet.delimiter, lineterminator="\n")
        if with_headers:
            writer.writerow([*self._original(self._sheet.columns), ERROR])
        writer.writerows(self._record(each) for each in rejects)
        return target.getvalue()

    def _record(self, reject: Reject) -> list[str]:
        """
        The cells and the error. What was no row of the table gets more cells than there are
        headers, so that it cannot be imported by mistake before it is mended.
        """
        row, why = reject
        width = len(self._sheet.columns)
        cells = row.cells[:width] + [""] * (width - len(row.cells))
        record = [*self._original(cells), f"line {row.line}: {why}", *row.cells[width:]]
        is_odd = row.problem or len(row.cells) < width
        return [*record, "not a row of this table"] if is_odd else record

    def _original(self, cells: Sequence[str]) -> list[str]:
        """Without the error of an earlier import, when the file is itself a rejects file."""
        columns = self._sheet.columns
        return [cell for name, cell in zip(columns, cells, strict=True) if name != ERROR]


def _object(reject: Reject) -> str:
    row, why = reject
    told = json.dumps({ERROR: f"line {row.line}: {why}"}, ensure_ascii=False)
    body = row.text.strip()
    if row.problem:
        body = json.dumps({"crmkit_line": row.text}, ensure_ascii=False)
    elif f'"{ERROR}"' in body:
        document = json.loads(body)
        document.pop(ERROR, None)
        body = json.dumps(document, ensure_ascii=False)
    comma = "" if body.strip("{} ") == "" else ", "
    return f"{body[:-1]}{comma}{told[1:]}\n"
