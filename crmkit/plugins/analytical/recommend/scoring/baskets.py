"""Who bought what, as a sparse matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeAlias

import attrs
import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import ArrayLike, NDArray

from ..errors import InvalidPurchasesError

Array: TypeAlias = NDArray[Any]
Matrix: TypeAlias = Any
"""A SciPy sparse matrix in row form."""


@attrs.frozen(eq=False)
class Purchases:
    """
    One row per customer and item.

    Attributes:
        customers: Shape (n,), positions from 0.
        items: Shape (n,), positions from 0.
        times: When it was bought last, shape (n,), in days.
        counts: How often, shape (n,), > 0.
        shape: Numbers of customers and items.
    """

    customers: Array
    items: Array
    times: Array
    counts: Array
    shape: tuple[int, int]

    @classmethod
    def of(
        cls,
        customers: ArrayLike,
        items: ArrayLike,
        times: ArrayLike,
        counts: ArrayLike,
        shape: tuple[int, int],
    ) -> Self:
        """
        Rows whose count is not above 0 are left out: what went back was not kept. A pair that comes
        twice is one, with the later time and the sum of the counts.

        Raises:
            InvalidPurchasesError: If the arrays differ in length, hold what is not finite, or a
                position outside *shape*.
        """
        who, what = np.asarray(customers, np.int64), np.asarray(items, np.int64)
        when, often = np.asarray(times, np.float64), np.asarray(counts, np.float64)
        if len({len(each) for each in (who, what, when, often)}) > 1:
            raise InvalidPurchasesError("arrays of different lengths")
        if not (np.isfinite(when).all() and np.isfinite(often).all()):
            raise InvalidPurchasesError("a time or a count that is not finite")
        inside = (who >= 0) & (who < shape[0]) & (what >= 0) & (what < shape[1])
        if not inside.all():
            raise InvalidPurchasesError("a customer or an item outside the shape")
        key, place = np.unique(who * shape[1] + what, return_inverse=True)
        total = np.bincount(place, often, len(key))
        last = np.full(len(key), -np.inf)
        np.maximum.at(last, place, when)
        kept = total > 0
        key = key[kept]
        return cls(key // shape[1], key % shape[1], last[kept], total[kept], shape)

    def matrix(self, values: Array | None = None) -> Matrix:
        """Customers by items, with 1 or *values* where something was bought."""
        cells = np.ones(len(self.items)) if values is None else values
        return sp.csr_matrix((cells, (self.customers, self.items)), shape=self.shape)

    def recent(self, half_life_days: float) -> Array:
        """Weight of each row: 1 for the latest time there is, halved with each half life before."""
        newest = self.times.max(initial=0.0)
        weight: Array = np.exp2(-(newest - self.times) / half_life_days)
        return weight


def top_of_each_row(matrix: Matrix, k: int) -> Matrix:
    """The *k* largest values of each row; of equal ones those with the smaller position."""
    rows = sp.csr_matrix(matrix)
    rows.sort_indices()
    kept: list[Array] = []
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        order = np.argsort(-rows.data[start:end], kind="stable")[:k]
        kept.append(start + np.sort(order))
    at = np.concatenate(kept) if kept else np.empty(0, np.int64)
    sizes = np.cumsum([0, *map(len, kept)])
    return sp.csr_matrix((rows.data[at], rows.indices[at], sizes), shape=rows.shape)


def names_to_positions(names: Sequence[object]) -> tuple[list[object], Array]:
    """The distinct names in order, and the position of each name given."""
    known = sorted(set(names), key=str)
    place = {name: at for at, name in enumerate(known)}
    return known, np.array([place[each] for each in names], np.int64)
