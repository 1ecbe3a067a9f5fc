"""
Gamma-Gamma: how much a customer spends per purchase.

Source: Fader & Hardie 2013, "The Gamma-Gamma Model of Monetary Value", note 025.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from ..errors import InvalidHistoryError
from ..model import GammaGamma
from .folding import fold, fold_if_repeating
from .histories import check_range, check_shape, numbers, positive_weights, refuse
from .likelihood import fit
from .special import Array, Index, digamma, gammaln, weighted

LEAST_Q = 1.01
"""For q <= 1 the mean spend of a new customer would be infinite."""


@attrs.frozen(eq=False)
class GammaGammaObjective:
    """Minus the log-likelihood per buyer at free (p, q, v), with its gradient."""

    counts: Array
    count_weights: Array
    place: Index
    monetary: Array
    weights: Array

    def __call__(self, free: Array) -> tuple[float, Array]:
        """Value and gradient."""
        p, q, v = np.exp(free).tolist()
        x, spent = self.counts, self.counts[self.place] * self.monetary
        share = np.log(spent / (spent + v))
        rest = np.log(v / (spent + v))
        shape, w, h = p * x, self.weights, self.count_weights
        value = weighted(gammaln(shape + q) - gammaln(shape) - gammaln(q), h)
        value += weighted(shape[self.place] * share + q * rest - np.log(self.monetary), w)
        by_p = weighted(x * (digamma(shape + q) - digamma(shape)), h)
        by_p += weighted(x[self.place] * share, w)
        by_q = weighted(digamma(shape + q) - digamma(q), h) + weighted(rest, w)
        by_v = weighted((q * spent - shape[self.place] * v) / (spent + v), w)
        return float(-value / w.sum()), np.array([p * by_p, q * by_q, by_v]) / -w.sum()


def fit_gammagamma(
    frequency: ArrayLike, monetary: ArrayLike, *, weights: ArrayLike | None = None
) -> GammaGamma:
    """
    The most likely Gamma-Gamma with q >= 1.01, from the customers who came back.

    Args:
        frequency: Repeat purchases, shape (n,), integers >= 0.
        monetary: Mean value of the *repeat* purchases, shape (n,), > 0 where frequency > 0.
        weights: Customers behind each row, shape (n,), >= 0.

    Raises:
        InvalidHistoryError: If an argument is out of range, or nobody ever came back.
    """
    x, mean = checked_spend(frequency, monetary)
    w = positive_weights(weights, x.shape)
    back = (x > 0) & (w > 0)
    if not back.any():
        raise InvalidHistoryError("frequency", "0 everywhere", "at least one repeat purchase")
    x, mean, w = x[back], mean[back], w[back]
    rows = fold_if_repeating(x, mean)
    x, mean, w = x[rows.first], mean[rows.first], rows.sums(w)
    by_count = fold(x)
    objective = GammaGammaObjective(x[by_count.first], by_count.sums(w), by_count.group, mean, w)
    start = GammaGamma(p=1.0, q=2.0, v=float(np.average(mean, weights=w)))
    return fit(start, objective, float(w.sum()), floors=(0.0, LEAST_Q, 0.0))


def checked_spend(frequency: ArrayLike, monetary: ArrayLike) -> tuple[Array, Array]:
    """
    Raises:
        InvalidHistoryError: Naming the argument, the offending value and the range.
    """
    x, mean = numbers(frequency), numbers(monetary)
    check_shape("monetary", mean, x.shape)
    check_range("frequency", x, whole=True)
    check_range("monetary", mean)
    refuse("monetary", mean, (x > 0) & (mean == 0), "values > 0 where frequency > 0")
    return x, mean


def expected_spend(model: GammaGamma, frequency: ArrayLike, monetary: ArrayLike) -> Array:
    """
    Expected mean value per purchase of each customer, shape (n,).

    A mixture of the customer's own mean and the population's, which alone speaks where
    frequency is 0.

    Raises:
        InvalidHistoryError: As `fit_gammagamma`.
    """
    x, mean = checked_spend(frequency, monetary)
    return model.p * (model.v + x * mean) / (model.p * x + model.q - 1)
