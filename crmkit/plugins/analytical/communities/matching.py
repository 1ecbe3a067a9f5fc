"""Which community of a new run is which of the one before. Arrays in, arrays out."""

from __future__ import annotations

from typing import Any, Final

import attrs
import numpy as np
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped, unused-ignore]

Array = np.ndarray[Any, Any]
KEPT: Final = 0.25
"""Jaccard overlap from which on a community goes on living under its name."""
MOST: Final = 0.5
"""Share from which on one that is not kept came from, or went into, another."""


@attrs.frozen(eq=False)
class Match:
    """
    Attributes:
        old_of: Of each new community the old one it continues, or -1; shape (new,).
        overlap: The Jaccard overlap with that one.
        came_from: Of each new one that continues none, where most of it was; -1 for nowhere.
        went_to: Of each old one that is not continued, where most of it is now; -1 for nowhere.
        came_share, went_share: What share of it that was.
    """

    old_of: Array
    overlap: Array
    came_from: Array
    came_share: Array
    went_to: Array
    went_share: Array


def match(old: Array, new: Array, old_count: int, new_count: int) -> Match:
    """
    The assignment of new to old communities with the highest sum of Jaccard overlaps (Kuhn 1955).

    Args:
        old, new: The community of each customer known to both runs, shape (n,); -1 for none. Who
            came or went between the runs must not count, or growth alone would end a community.
    """
    table = np.zeros((old_count, new_count))
    both = (old >= 0) & (new >= 0)
    np.add.at(table, (old[both], new[both]), 1)
    old_size = np.bincount(old[old >= 0], minlength=old_count)[:, None]
    new_size = np.bincount(new[new >= 0], minlength=new_count)[None, :]
    jaccard = _share(table, old_size + new_size - table)
    old_of, overlap = np.full(new_count, -1), np.zeros(new_count)
    rows, columns = linear_sum_assignment(jaccard, maximize=True)
    kept = jaccard[rows, columns] >= KEPT
    old_of[columns[kept]] = rows[kept]
    overlap[columns[kept]] = jaccard[rows[kept], columns[kept]]
    came_from, came_share = _most(_share(table, new_size), axis=0)
    went_to, went_share = _most(_share(table, old_size), axis=1)
    return Match(old_of, overlap, came_from, came_share, went_to, went_share)


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _most(shares: Array, axis: int) -> tuple[Array, Array]:
    if not shares.shape[axis]:
        count = shares.shape[1 - axis]
        return np.full(count, -1), np.zeros(count)
    most = shares.max(axis=axis)
    return np.where(most >= MOST, shares.argmax(axis=axis), -1), most
