"""
Identical rows become one row with a weight.

Customers of one shop share few distinct histories: at day grain a million of them fold to about
a tenth. Rows meet in a hash table (last writer leads its slot) and are compared exactly with
their leader, so a collision costs another round, never a wrong group; no sort is needed.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from .histories import Histories
from .special import Array, Index

_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
_SAMPLE = 20_000
_WORTH_IT = 0.8
_LARGE = 20_000
_EVERY = 20


@attrs.frozen(eq=False)
class Folding:
    """`first`: one row of each group, shape (g,); `group`: the group of each row, shape (n,)."""

    first: Index
    group: Index

    def sums(self, values: Array) -> Array:
        """Per group, the sum of one value per row."""
        counted = np.bincount(self.group, values, self.first.size)
        return counted.astype(np.float64, copy=False)


def fold(*columns: Array) -> Folding:
    """Group the rows in which all *columns* (each of shape (n,)) agree exactly."""
    size = columns[0].size
    bits = min(max(int(size).bit_length() + 1, 4), 22)
    first: list[Index] = []
    group = np.empty(size, np.intp)
    pending = np.arange(size)
    known = 0
    while pending.size:
        here = columns if pending.size == size else tuple(c[pending] for c in columns)
        slot = _slots(here, bits, salt=len(first))
        table = np.empty(1 << bits, np.intp)
        table[slot] = pending
        leader = table[slot]
        leads = leader == pending
        leaders = pending[leads]
        table[slot[leads]] = np.arange(leaders.size)
        number = table[slot]
        same = _agree(columns, leader, here)
        group[pending[same]] = number[same] + known
        pending = pending[~same]
        first.append(leaders)
        known += leaders.size
    return Folding(np.concatenate(first) if first else np.empty(0, np.intp), group)


def fold_if_repeating(*columns: Array) -> Folding:
    """As `fold`, but every row is its own group when a sample shows few repetitions."""
    size = columns[0].size
    if size > _SAMPLE:
        step = size // _SAMPLE
        sampled = tuple(c[::step] for c in columns)
        if fold(*sampled).first.size > _WORTH_IT * sampled[0].size:
            rows = np.arange(size)
            return Folding(rows, rows)
    return fold(*columns)


def distinct_rows(histories: Histories) -> Folding:
    """Group customers whose histories, covariates included, agree in everything but weight."""
    return fold_if_repeating(
        histories.recency, histories.age, histories.frequency, *histories.covariates.columns()
    )


def fold_histories(histories: Histories) -> Histories:
    """The distinct histories, weighted by the customers behind them; their order is arbitrary."""
    folding = distinct_rows(histories)
    if folding.first.size == histories.age.size:
        return histories
    folded = histories.rows(folding.first)
    return attrs.evolve(folded, weights=folding.sums(histories.weights))


def rehearsal_of(histories: Histories, folded: Histories) -> Histories | None:
    """Every 20th customer, folded, to begin a long search with; None where it would be short."""
    if folded.age.size <= _LARGE:
        return None
    return fold_histories(histories.rows(slice(None, None, _EVERY)))


def _agree(columns: tuple[Array, ...], leader: Index, here: tuple[Array, ...]) -> NDArray[np.bool_]:
    same = np.ones(leader.shape, np.bool_)
    for whole, part in zip(columns, here, strict=True):
        same &= whole[leader] == part
    return same


def _slots(columns: tuple[Array, ...], bits: int, salt: int) -> Index:
    mixed: NDArray[np.uint64] = np.full(columns[0].shape, salt + 1, np.uint64)
    shift = np.uint64(29)
    for place, column in enumerate(columns):
        mixed ^= column.view(np.uint64)
        mixed *= np.uint64(_MULTIPLIERS[(place + salt) % len(_MULTIPLIERS)])
        mixed ^= mixed >> shift
    mixed *= np.uint64(_MULTIPLIERS[0])
    return (mixed >> np.uint64(64 - bits)).astype(np.intp)
