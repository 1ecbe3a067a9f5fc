"""What chance alone would make of the same baskets. Arrays in, arrays out."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any, Final

import numpy as np
from scipy import sparse  # type: ignore[import-untyped, unused-ignore]

TRADES: Final = 5
"""Per customer; Strona et al. find that as many mix a matrix."""


def shuffled(sets: Any, seed: int) -> Any:
    """
    The same 0/1 matrix with its ones elsewhere: every row and column keeps its sum.

    Curveball: two random rows trade, at random, what only one of them has. Strona, Nappo,
    Boccacci, Fattorini & San-Miguel-Ayanz, Nature Communications 5, 4114 (2014).
    """
    rng, count = Random(seed), sets.shape[0]  # noqa: S311
    starts, items = sets.indptr.tolist(), sets.indices.tolist()
    rows = [set(items[a:b]) for a, b in pairwise(starts)]
    for _ in range(TRADES * count if count > 1 else 0):
        one, other = rng.sample(range(count), 2)
        common = rows[one] & rows[other]
        traded = sorted(rows[one] ^ rows[other])
        rng.shuffle(traded)
        given = len(rows[one]) - len(common)
        rows[one] = common.union(traded[:given])
        rows[other] = common.union(traded[given:])
    ends = np.cumsum([0, *map(len, rows)])
    flat = np.fromiter((item for row in rows for item in sorted(row)), np.int64, int(ends[-1]))
    return sparse.csr_array((np.ones(len(flat)), flat, ends), shape=sets.shape)
