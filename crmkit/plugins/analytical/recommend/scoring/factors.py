"""Likeness of items by what a factorisation finds behind them; for large catalogues."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped, unused-ignore]

from crmkit import MissingExtraError

from .baskets import Purchases, top_of_each_row
from .models import ItemModel, popular

CHUNK: Final = 1_000
ALPHA: Final = 2.0
SEED: Final = 1


def als(purchases: Purchases, k: int, factors: int) -> ItemModel:
    """
    The cosine of the items' factors, of the *k* most alike of each item.

    Raises:
        MissingExtraError: Without the library implicit.

    Source: Hu, Koren & Volinsky 2008, "Collaborative Filtering for Implicit Feedback Datasets",
    with the confidence 1 + 2 x for what was bought; by the library implicit.
    """
    if find_spec("implicit") is None:
        raise MissingExtraError("The model als", "reco")
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        fitted: Any = AlternatingLeastSquares(factors=factors, alpha=ALPHA, random_state=SEED)
        fitted.fit(purchases.matrix(), show_progress=False)
    vectors = np.asarray(fitted.item_factors, np.float64)
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, size, out=np.zeros_like(vectors), where=size > 0)
    parts = []
    for start in range(0, len(unit), CHUNK):
        alike = unit[start : start + CHUNK] @ unit.T
        rows = np.arange(len(alike))
        alike[rows, rows + start] = 0.0
        parts.append(top_of_each_row(np.maximum(alike, 0.0), k))
    plain = popular(purchases)
    return ItemModel("als", sp.vstack(parts).tocsr(), plain.popularity, plain.together)
