"""From what customers bought and do to communities. Arrays in, arrays out."""

from __future__ import annotations

from typing import Any, Final

import attrs
import numpy as np
from scipy import sparse  # type: ignore[import-untyped, unused-ignore]

from .chance import shuffled
from .config import Settings
from .errors import NoStructureError, OnlySmallError
from .leiden import leiden, modularity
from .neighbours import graph, idf, nearest, vectors

Array = np.ndarray[Any, Any]
SHUFFLES: Final = 3
LARGEST_TEST: Final = 1_000
"""Customers that are held against chance, evenly chosen."""
CLEARLY: Final = 0.02
"""By how much modularity must exceed that of the shuffled baskets."""
WORTH_THE_UNREST: Final = 0.01
"""Gain in modularity for which the partition of the run before is given up."""


@attrs.frozen(eq=False)
class Fit:
    """
    Attributes:
        homes: The community of each customer, shape (n,); -1 for none.
        communities: How many.
        modularity, chance: Of all at resolution 1, and the highest of the shuffled.
    """

    homes: Array
    communities: int
    edges: int
    modularity: float
    chance: float


def fit(products: Any, rows: Any, settings: Settings, before: Array | None = None) -> Fit:
    """
    The communities of n customers.

    Args:
        products: What they bought, 0/1, sparse, shape (n, items).
        rows: Their vectors, sparse, shape (n, d).
        before: The community each was in, shape (n,), -1 for none. The search starts there too, so
            that what did not change stays; see ``WORTH_THE_UNREST``.

    Raises:
        NoStructureError: If shuffled baskets do as well.
        OnlySmallError: If no group has *min_size* customers.
    """
    chance = _against_chance(products, settings)
    ties = graph(*nearest(rows, rows, settings.k, np.arange(rows.shape[0])))
    resolution = settings.resolution
    labels = leiden(ties, resolution=resolution)
    if before is not None and (before >= 0).any():
        start = np.where(before >= 0, before, before.max() + 1 + np.arange(len(before)))
        steady = leiden(ties, resolution=resolution, start=start)
        gain = modularity(ties, labels, resolution) - modularity(ties, steady, resolution)
        labels = labels if gain > WORTH_THE_UNREST else steady
    sizes = np.bincount(labels)
    kept = int((sizes >= settings.min_size).sum())
    if not kept:
        raise OnlySmallError(int(sizes.max()), settings.min_size)
    return Fit(
        homes=np.where(labels < kept, labels, -1),
        communities=kept,
        edges=ties.nnz // 2,
        modularity=modularity(ties, labels),
        chance=chance,
    )


def _against_chance(products: Any, settings: Settings) -> float:
    """
    The highest modularity of the same baskets with shuffled products, without habits.

    Habits alone always fall into groups: there are few of them.

    Raises:
        NoStructureError: If that of the real baskets is not clearly higher.
    """
    products = sparse.csr_array(products[:: -(-products.shape[0] // LARGEST_TEST)])
    found = _quality(products, settings)
    by_chance = max(_quality(shuffled(products, seed), settings) for seed in range(SHUFFLES))
    if found < by_chance + CLEARLY:
        raise NoStructureError(found, by_chance)
    return by_chance


def _quality(products: Any, settings: Settings) -> float:
    rows = vectors([(products, idf(products), 1.0)])
    ties = graph(*nearest(rows, rows, settings.k, np.arange(rows.shape[0])))
    return modularity(ties, leiden(ties, resolution=settings.resolution))
