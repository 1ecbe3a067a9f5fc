"""
The likelihood of a customer who is either still alive or gone since the last purchase.

Both halves are functions of few distinct points (frequency with age, frequency with recency):
they are computed per point, combined per row, and the posterior shares summed back per point.
"""

from __future__ import annotations

import attrs
import numpy as np

from .folding import Folding
from .special import Array, weighted


@attrs.frozen(eq=False)
class TwoEnds:
    """Which alive point and which gone point each row, of weight `weights`, consists of."""

    weights: Array
    alive: Folding
    gone: Folding

    def mix(self, alive: Array, gone: Array) -> tuple[float, Array, Array]:
        """
        Args:
            alive: Log-likelihood of each alive point, finite.
            gone: Log-likelihood of each gone point; -inf where a customer cannot be gone.

        Returns: the weighted log-likelihood, and its derivatives by *alive* and by *gone*.
        """
        still = alive[self.alive.group]
        gap = gone[self.gone.group]
        gap -= still
        decay = np.exp(-np.abs(gap))
        share = np.where(gap > 0, 1.0, decay) / (1.0 + decay)
        total = weighted(still + np.maximum(gap, 0.0) + np.log1p(decay), self.weights)
        share *= self.weights
        by_gone = self.gone.sums(share)
        by_alive = self.alive.sums(self.weights - share)
        return float(total), by_alive, by_gone
