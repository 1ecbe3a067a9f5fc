"""What an import says about itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

import attrs

Bucket = Literal["created", "updated", "unchanged", "skipped", "outside", "rejected"]
BUCKETS: Final[tuple[Bucket, ...]] = (
    "created",
    "updated",
    "unchanged",
    "skipped",
    "outside",
    "rejected",
)


class Why(NamedTuple):
    """Why a row was skipped or rejected: the reason in general, and this row's value."""

    reason: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.value})" if self.value else self.reason


class Row(NamedTuple):
    """
    One row of a file.

    Attributes:
        line: The physical line it begins in; the first of the file is 1.
        cells: As many as there are columns; what could be read when *problem* is set.
        text: A JSONL row as it stands in the file.
        problem: Why it is not a row of this table.
    """

    line: int
    cells: list[str]
    text: str = ""
    problem: str = ""


@attrs.frozen(kw_only=True)
class Reason:
    """
    Why rows were skipped or rejected.

    Attributes:
        line, example: Of the first such row; the example is empty when an earlier, interrupted
            run saw it.
    """

    bucket: Bucket
    text: str
    count: int
    line: int
    example: str = ""


@attrs.frozen(kw_only=True)
class Report:
    """
    What an import did, or on a plan would do.

    Every row of the file is in exactly one of *created*, *updated*, *unchanged*, *skipped*,
    *outside* and *rejected*; of an interaction made from several rows, all of them are.

    Attributes:
        rows: Rows of the file, without header and blank lines.
        outside: Rows before ``since`` or not before ``until``.
        customers: Customers created.
        interactions: Interactions created.
        reasons: Of skipped and rejected rows, the most frequent first.
        format: How the file was read, such as ``csv, comma, utf-8``.
        unused: Columns that the mapping does not use.
        warnings: What looks wrong but was taken as it is.
        rejects: Where the rejected rows are, or on a plan would be; None when there are none.
        planned: Nothing was written.
        already: When this very file was imported before; then nothing was done.
        resumed: Rows that an interrupted run had done before this one.
    """

    path: Path
    kind: Literal["customers", "interactions"]
    rows: int
    created: int
    updated: int
    unchanged: int
    skipped: int
    outside: int
    rejected: int
    customers: int
    interactions: int
    reasons: tuple[Reason, ...] = ()
    format: str = ""
    unused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    rejects: Path | None = None
    planned: bool = False
    already: datetime | None = None
    resumed: int = 0


@attrs.frozen(kw_only=True)
class PastImport:
    """
    One line of the history.

    Attributes:
        state: ``running`` also when it was interrupted; importing the file again goes on.
    """

    id: int
    path: str
    kind: str
    state: Literal["running", "finished"]
    rows: int
    created: int
    updated: int
    unchanged: int
    skipped: int
    outside: int
    rejected: int
    started_at: datetime
    finished_at: datetime | None
    actor: str
