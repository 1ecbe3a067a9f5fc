"""How strongly each customer is drawn to each community. Arrays in, arrays out."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def strengths(places: Array, likeness: Array, homes: Array, communities: int) -> Array:
    """
    The share of each community in the likeness of a customer's nearest anchors.

    Args:
        places, likeness: Nearest anchors and how alike they are, shapes (n, k), as
            :func:`neighbours.nearest` gives them.
        homes: The community of each anchor, 0 to *communities*, shape (a,); -1 for none.

    Returns:
        Shape (n, communities), in [0, 1]. A row adds up to 1, less the share of anchors without a
        community; to 0 where nobody is alike.
    """
    count = len(places)
    found = np.where(places >= 0, homes[places], -1) if len(homes) else np.full_like(places, -1)
    rows, rank = np.nonzero(found >= 0)
    cells = rows * communities + found[rows, rank]
    drawn = np.bincount(cells, weights=likeness[rows, rank], minlength=count * communities)
    totals = likeness.sum(axis=1)[:, None]
    shares = drawn.astype(float).reshape(count, communities)
    strength: Array = np.divide(shares, totals, out=np.zeros_like(shares), where=totals > 0)
    return np.minimum(strength, 1.0)
