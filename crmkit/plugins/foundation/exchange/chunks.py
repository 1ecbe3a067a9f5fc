"""A file in pieces that are stored together, each with what is decided without the database."""

from __future__ import annotations

from typing import Generic, TypeVar

from .layout import Checked
from .model import Row, Why
from .tally import Reject, Tally

D = TypeVar("D")


class Chunk(Generic[D]):
    """
    Attributes:
        end: How many rows of the file are accounted for once this chunk is stored.
        drafts: What is to be stored.
        tally, rejects: What is decided already.
    """

    def __init__(self) -> None:
        self.end = 0
        self.drafts: list[D] = []
        self.tally = Tally()
        self.rejects: list[Reject] = []

    def skip(self, checked: Checked) -> None:
        assert checked.skipped is not None
        self.tally.explain("skipped", checked.skipped, checked.row.line)

    def reject(self, row: Row, why: Why) -> None:
        self.tally.explain("rejected", why, row.line)
        self.rejects.append(Reject(row, why))


class Cutter:
    """
    Says when a chunk is full.

    A resumed import cuts where the interrupted one was, whatever its size was.
    """

    def __init__(self, size: int, done: int) -> None:
        self._size = size
        self._done = done
        self._last = 0

    def is_due(self, count: int) -> bool:
        """Whether to cut before row *count*, counted from 0."""
        return count - self._last >= self._size or (count == self._done and count > self._last)

    def cut(self, chunk: Chunk[D], count: int) -> Chunk[D]:
        chunk.end = self._last = count
        return chunk
