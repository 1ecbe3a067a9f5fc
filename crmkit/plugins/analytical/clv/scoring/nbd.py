"""NBD: gamma-mixed Poisson purchases of customers who never leave; the yardstick."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from numpy.typing import ArrayLike

from ..model import Nbd
from .folding import fold
from .histories import Histories, check_fittable
from .likelihood import fit
from .special import Array, digamma, gammaln, weighted, xlogy


@attrs.frozen(eq=False)
class NbdObjective:
    """Minus the log-likelihood per customer at free (r, alpha), with its gradient."""

    frequency: Array
    age: Array
    weights: Array

    @classmethod
    def of(cls, histories: Histories) -> Self:
        """Fold identical (frequency, age)."""
        points = fold(histories.frequency, histories.age)
        return cls(
            histories.frequency[points.first],
            histories.age[points.first],
            points.sums(histories.weights),
        )

    def __call__(self, free: Array) -> tuple[float, Array]:
        """Value and gradient."""
        r, alpha = np.exp(free).tolist()
        x, w = self.frequency, self.weights
        relative = np.log1p(self.age / alpha)
        value = gammaln(r + x) - gammaln(r) - (r + x) * relative - x * np.log(alpha)
        by_r = r * (digamma(r + x) - digamma(r) - relative)
        by_alpha = r - (r + x) * (alpha / (alpha + self.age))
        gradient = weighted(np.stack([by_r, by_alpha]), w)
        return float(-weighted(value, w) / w.sum()), -gradient / w.sum()


def fit_nbd(frequency: ArrayLike, age: ArrayLike, *, weights: ArrayLike | None = None) -> Nbd:
    """
    The most likely NBD, by the likelihood of purchase times: comparable with the other models'.

    Args: as of `Histories.of`.

    Raises:
        InvalidHistoryError: If an argument is out of range, or nobody ever came back.

    Source: Ehrenberg 1959, "The Pattern of Consumer Purchases".
    """
    histories = Histories.of(frequency, np.zeros_like(frequency, dtype=np.float64), age, weights)
    check_fittable(histories)
    quarter = float(np.average(histories.age, weights=histories.weights)) / 4
    objective = NbdObjective.of(histories)
    return fit(Nbd(r=1.0, alpha=quarter), objective, float(histories.weights.sum()))


def purchase_rate(model: Nbd, histories: Histories) -> Array:
    """Expected purchases per unit of time of each customer, shape (n,)."""
    rate: Array = (model.r + histories.frequency) / (model.alpha + histories.age)
    return rate


def transaction_mass(model: Nbd, count: Array, t: float) -> Array:
    """P(a new customer makes exactly *count* repeat purchases within *t*)."""
    mass: Array = np.exp(log_count_mass(model.r, model.alpha, count, np.full_like(count, t)))
    return mass


def log_count_mass(r: float, alpha: float, count: Array, t: Array) -> Array:
    """Log P(exactly *count* purchases within *t*) at a gamma (r, alpha) rate; shapes broadcast."""
    chosen = gammaln(r + count) - gammaln(r) - gammaln(count + 1)
    return chosen - r * np.log1p(t / alpha) + xlogy(count, t / (alpha + t))
