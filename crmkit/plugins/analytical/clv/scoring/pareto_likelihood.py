"""
Likelihood of the Pareto/NBD.

With M(y) = alpha^r beta^s (alpha + y)^-(r + x) (beta + y)^-s and c(y) the chance that dropout
comes before the next purchase,
    L = Gamma(r + x) / Gamma(r) * [ M(T) (1 - c(T)) + M(tx) c(tx) ].
"""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np

from .dropout_first import DropoutFirst, Points, Rates, dropout_first
from .folding import Folding, fold
from .histories import Covariates, Histories
from .mixture import TwoEnds
from .special import Array, digamma, gammaln, weighted


@attrs.frozen(eq=False)
class Ends:
    """The distinct (frequency, age) and (frequency, recency) pairs of some histories."""

    points: Points
    covariates: Covariates
    alive: Folding
    gone: Folding

    @classmethod
    def of(cls, histories: Histories) -> Self:
        """Fold both ends into one set of points, sorted by time."""
        size = histories.age.size
        x = np.concatenate([histories.frequency, histories.frequency])
        time = np.concatenate([histories.age, histories.recency])
        traits = tuple(np.concatenate([c, c]) for c in histories.covariates.columns())
        folding = fold(x, time, *traits)
        order = np.argsort(time[folding.first])
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        first, group = folding.first[order], rank[folding.group]
        by_count = fold(x[first])
        owner = first % size
        return cls(
            Points(x[first[by_count.first]], by_count.group, time[first]),
            histories.rows(owner).covariates,
            Folding(owner, group[:size]),
            Folding(owner, group[size:]),
        )

    def rates(self, r: float, s: float, free: Array) -> Rates:
        """At log alpha, log beta and the covariates' effects, in this order."""
        split = 2 + self.covariates.purchase.shape[1]
        return Rates(
            r,
            np.exp(free[0] - weighted(self.covariates.purchase, free[2:split])),
            s,
            np.exp(free[1] - weighted(self.covariates.dropout, free[split:])),
        )


def log_stay(points: Points, rates: Rates) -> Array:
    """Log M at each point."""
    x = points.counts[points.place]
    return (
        -(rates.r + x) * np.log1p(points.time / rates.alpha)
        - x * np.log(rates.alpha)
        - rates.s * np.log1p(points.time / rates.beta)
    )


def _stay_slopes(points: Points, rates: Rates) -> Array:
    x = points.counts[points.place]
    return np.stack(
        [
            -np.log1p(points.time / rates.alpha),
            rates.r - (rates.r + x) * (rates.alpha / (rates.alpha + points.time)),
            -np.log1p(points.time / rates.beta),
            rates.s * (points.time / (rates.beta + points.time)),
        ]
    )


@attrs.frozen(eq=False)
class ParetoObjective:
    """Minus the log-likelihood per customer at the free parameters, with its gradient."""

    counts: Array
    count_weights: Array
    ends: Ends
    rows: TwoEnds

    @classmethod
    def of(cls, histories: Histories) -> Self:
        """Fold the histories' distinct counts and points."""
        by_count = fold(histories.frequency)
        ends = Ends.of(histories)
        return cls(
            histories.frequency[by_count.first],
            by_count.sums(histories.weights),
            ends,
            TwoEnds(histories.weights, ends.alive, ends.gone),
        )

    def __call__(self, free: Array) -> tuple[float, Array]:
        """Value and gradient."""
        r, s = np.exp(free[[0, 2]]).tolist()
        rates = self.ends.rates(r, s, np.delete(free, [0, 2]))
        points = self.ends.points
        stay, first = log_stay(points, rates), dropout_first(points, rates)
        mixed, by_alive, by_gone = self.rows.mix(
            stay + np.log1p(-first.chance), stay + np.log(first.chance)
        )
        slopes = (by_alive + by_gone) * _stay_slopes(points, rates)
        slopes += (by_gone - by_alive * _odds(first)) * first.slopes
        gradient = self._gather(slopes)
        gradient[0] += self.count_weights @ (digamma(r + self.counts) - digamma(r))
        gradient[[0, 2]] *= (r, s)
        value = self.count_weights @ (gammaln(r + self.counts) - gammaln(r)) + mixed
        customers = -self.count_weights.sum()
        return float(value / customers), gradient / customers

    def _gather(self, slopes: Array) -> Array:
        traits = self.ends.covariates
        return np.concatenate(
            [
                slopes.sum(axis=1),
                -weighted(traits.purchase.T, slopes[1]),
                -weighted(traits.dropout.T, slopes[3]),
            ]
        )


def _odds(first: DropoutFirst) -> Array:
    return first.chance / (1 - first.chance)
