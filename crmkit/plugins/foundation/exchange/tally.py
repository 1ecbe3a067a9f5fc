"""Counting rows into buckets, so that every row is in exactly one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

from .model import BUCKETS, Bucket, Reason, Row, Why

MOST_REASONS: Final = 200
COUNTED: Final = (*BUCKETS, "customers", "interactions")
_OTHER: Final = "other reasons"


class Reject(NamedTuple):
    """A row that goes to the rejects file, and why."""

    row: Row
    why: Why


class Tally:
    """Rows by bucket, reasons, and how many customers and interactions were created."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.noted: dict[tuple[str, str], tuple[int, int, str]] = {}

    @property
    def rows(self) -> int:
        return sum(self.counts[bucket] for bucket in BUCKETS)

    def add(self, bucket: Bucket, rows: int = 1) -> None:
        self.counts[bucket] += rows

    def explain(self, bucket: Bucket, why: Why, line: int) -> None:
        """Count one row that is in *bucket* because of *why*."""
        self.counts[bucket] += 1
        self._note((bucket, why.reason), 1, line, why.value)

    def plus(self, other: Tally) -> Tally:
        both = Tally()
        both.counts = self.counts + other.counts
        for each in (self, other):
            for key, (count, line, example) in each.noted.items():
                both._note(key, count, line, example)
        return both

    def reasons(self) -> tuple[Reason, ...]:
        """The most frequent first."""
        found = [
            Reason(bucket=cast(Bucket, bucket), text=text, count=count, line=line, example=example)
            for (bucket, text), (count, line, example) in self.noted.items()
        ]
        return tuple(sorted(found, key=lambda each: (-each.count, each.line)))

    def to_json(self) -> list[list[object]]:
        """The reasons without examples: values of rows are not kept beside the customers'."""
        return [[r.bucket, r.text, r.count, r.line] for r in self.reasons()]

    @classmethod
    def of(cls, counts: Mapping[str, int], reasons: list[Any]) -> Tally:
        """From stored counts and what :meth:`to_json` gave."""
        tally = cls()
        tally.counts.update(counts)
        for bucket, text, count, line in reasons:
            tally._note((bucket, text), count, line, "")
        return tally

    def _note(self, key: tuple[str, str], count: int, line: int, example: str) -> None:
        if key not in self.noted and len(self.noted) >= MOST_REASONS:
            key, example = (key[0], _OTHER), ""
        before = self.noted.get(key)
        if before is not None:
            count, line, example = before[0] + count, before[1], before[2]
        self.noted[key] = (count, line, example)
