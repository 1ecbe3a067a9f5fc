"""Weighted sets as vectors, and who is most alike. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy import sparse  # type: ignore[import-untyped, unused-ignore]

Array = np.ndarray[Any, Any]
CELLS: Final = 4_000_000
"""Similarities held at once; 32 MB."""
_DIGITS: Final = 12
"""Similarities that differ later than this are equal; sums in another order differ there."""


def idf(sets: Any) -> Array:
    """
    ln(n / df) of each column of a 0/1 matrix, shape (n, items): rare items say more.

    An item of everybody, or of nobody, says nothing: 0.
    """
    count = sets.shape[0]
    df = np.bincount(sets.indices, minlength=sets.shape[1])
    weights: Array = np.log(np.where(df > 0, count / np.maximum(df, 1), 1.0))
    return weights


def vectors(blocks: Sequence[tuple[Any, Array, float]]) -> Any:
    """
    One row per customer, so that a dot product of two is the weighted mean of their cosines.

    Args:
        blocks: Of each kind of items a 0/1 matrix, shape (n, items), the weight of each item, and
            the share of the kind in the likeness; the shares add up to 1.
    """
    parts = [_unit_rows(sets, weights) * np.sqrt(share) for sets, weights, share in blocks]
    return sparse.csr_array(sparse.hstack(parts, format="csr"))


def _unit_rows(sets: Any, weights: Array) -> Any:
    weighted = sparse.csr_array(sets, dtype=np.float64) @ sparse.diags_array(weights)
    lengths = np.sqrt(np.asarray(weighted.power(2).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return sparse.diags_array(scale) @ weighted


def nearest(rows: Any, anchors: Any, k: int, own: Array | None = None) -> tuple[Array, Array]:
    """
    The *k* most similar anchors of each row, exactly; ties go to the earlier anchor.

    Similarities are computed for a bounded number of rows at a time.

    Args:
        rows, anchors: Vectors, shapes (n, d) and (a, d).
        own: The place of each row among the anchors, shape (n,), which it is not compared with;
            -1 where it is none.

    Returns:
        Anchors and similarities, shapes (n, k); -1 and 0 where fewer are alike at all.
    """
    count, size = rows.shape[0], anchors.shape[0]
    places, likeness = np.full((count, k), -1, np.int64), np.zeros((count, k))
    across, step = sparse.csr_array(anchors.T), max(1, CELLS // max(size, 1))
    for begin in range(0, count, step):
        block = np.round((rows[begin : begin + step] @ across).toarray(), _DIGITS)
        if own is not None:
            mine = own[begin : begin + step]
            is_anchor = np.flatnonzero(mine >= 0)
            block[is_anchor, mine[is_anchor]] = 0.0
        row, place, value = _best(block, k)
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        places[begin + row, rank] = place
        likeness[begin + row, rank] = value
    return places, likeness


def _best(block: Array, k: int) -> tuple[Array, Array, Array]:
    """Row, column and value of the *k* largest positive of each row, in order."""
    wanted = block > 0
    if block.shape[1] > k:
        wanted &= block >= -np.partition(-block, k - 1, axis=1)[:, k - 1 : k]
    row, place = np.nonzero(wanted)
    value = block[row, place]
    order = np.lexsort((place, -value, row))
    row, place, value = row[order], place[order], value[order]
    kept = np.arange(len(row)) - np.searchsorted(row, row) < k
    return row[kept], place[kept], value[kept]


def graph(places: Array, likeness: Array) -> Any:
    """Who is among the nearest of whom, either way: symmetric, shape (n, n), the likeness on it."""
    count = len(places)
    row, rank = np.nonzero(places >= 0)
    one_way = sparse.csr_array(
        (likeness[row, rank], (row, places[row, rank])), shape=(count, count)
    )
    return sparse.csr_array(one_way.maximum(one_way.T))
