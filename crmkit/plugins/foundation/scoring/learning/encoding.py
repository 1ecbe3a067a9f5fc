"""Columns of any kind as a matrix of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import attrs
import numpy as np

from ..errors import InvalidColumnsError
from .logistic import Array

MOST_LEVELS: Final = 50
UNKNOWN: Final = "(unknown)"


@attrs.frozen(kw_only=True)
class Encoding:
    """
    How columns become numbers.

    Attributes:
        numbers: Columns taken as they are.
        levels: For each column of words its levels, the reference first, which is the most
            frequent; a word that was never seen counts as the reference.
    """

    numbers: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns of the matrix: a number's own, or ``column=level``."""
        words = (f"{name}={each}" for name, told in self.levels.items() for each in told[1:])
        return (*self.numbers, *words)

    @property
    def sources(self) -> tuple[str, ...]:
        """For each column of the matrix the one it is made of."""
        return tuple(name.partition("=")[0] if "=" in name else name for name in self.names)

    @classmethod
    def learn(cls, columns: Mapping[str, Any]) -> Self:
        """
        Raises:
            InvalidColumnsError: If a column of words has more than fifty levels.
        """
        numbers, levels = [], {}
        for name, column in columns.items():
            if np.asarray(column).dtype != np.object_:
                numbers.append(name)
                continue
            counted = Counter(map(_word, column))
            if len(counted) > MOST_LEVELS:
                raise InvalidColumnsError(name, f"{len(counted)} different words; at most 50")
            levels[name] = tuple(
                word for word, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
            )
        return cls(numbers=tuple(numbers), levels=levels)

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """From what ``attrs.asdict`` wrote, through JSON."""
        levels = {name: tuple(each) for name, each in written["levels"].items()}
        return cls(numbers=tuple(written["numbers"]), levels=levels)

    def matrix(self, columns: Mapping[str, Any], size: int) -> Array:
        """Shape (size, number of names)."""
        parts: list[Array] = [np.asarray(columns[name], np.float64) for name in self.numbers]
        for name, told in self.levels.items():
            words = np.array([*map(_word, columns[name])], object)
            parts += [(words == level).astype(float) for level in told[1:]]
        return np.column_stack(parts) if parts else np.empty((size, 0))


def _word(value: object) -> str:
    return UNKNOWN if value is None or value == "" else str(value)


def folds(happened: Sequence[int] | Array, count: int, seed: int) -> list[Array]:
    """Positions in *count* parts, each with its share of both labels; shuffled by *seed*."""
    labels = np.asarray(happened)
    chance = np.random.default_rng(seed)
    part = np.empty(len(labels), np.int64)
    start = 0
    for label in np.unique(labels):
        places = chance.permutation(np.flatnonzero(labels == label))
        part[places] = (start + np.arange(len(places))) % count
        start += len(places)
    return [np.flatnonzero(part == each) for each in range(count)]
