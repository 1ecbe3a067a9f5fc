"""
BG/BB: repeat purchases at discrete opportunities, such as yearly donations.

A history is (frequency, recency, age) in whole opportunities: x purchases in n, the last at tx.

Source: Fader, Hardie & Shang 2010, "Customer-Base Analysis in a Discrete-Time Noncontractual
Setting".
"""

from __future__ import annotations

from math import exp, inf
from typing import Self

import attrs
import numpy as np
from numpy.typing import ArrayLike

from ..model import BgBb
from .beta_average import Chance, discounted_stays
from .folding import fold_histories
from .histories import Histories, check_fittable, check_range, refuse
from .likelihood import fit
from .special import Array, Index, betaln, digamma, weighted


@attrs.frozen(eq=False)
class Endings:
    """
    Every way each history may have ended: gone after opportunity m in tx..n-1, or alive (m = n).

    Flat arrays, one element per way; `start` is the first of each history.
    """

    x: Array
    last: Array
    gone: Array
    start: Index
    sizes: Index

    @classmethod
    def of(cls, histories: Histories) -> Self:
        """Lay the ways of all histories end to end."""
        sizes = (histories.age - histories.recency).astype(np.intp) + 1
        start = np.cumsum(sizes) - sizes
        step = np.arange(sizes.sum()) - np.repeat(start, sizes)
        last = np.repeat(histories.recency, sizes) + step
        gone = (last < np.repeat(histories.age, sizes)).astype(np.float64)
        return cls(np.repeat(histories.frequency, sizes), last, gone, start, sizes)

    def log_likelihoods(self, model: BgBb) -> Array:
        """Of each way."""
        buys = betaln(model.alpha + self.x, model.beta + self.last - self.x)
        stays = betaln(model.gamma + self.gone, model.delta + self.last)
        return buys + stays - betaln(model.alpha, model.beta) - betaln(model.gamma, model.delta)

    def total(self, ways: Array) -> Array:
        """Of each history, from those of its ways."""
        peak = np.maximum.reduceat(ways, self.start)
        scaled = np.exp(ways - np.repeat(peak, self.sizes))
        result: Array = peak + np.log(np.add.reduceat(scaled, self.start))
        return result


@attrs.frozen(eq=False)
class BgBbObjective:
    """Minus the log-likelihood per customer at the free parameters, with its gradient."""

    endings: Endings
    weights: Array

    def __call__(self, free: Array) -> tuple[float, Array]:
        """Value and gradient."""
        values = np.exp(free)
        alpha, beta, gamma, delta = values.tolist()
        e = self.endings
        ways = e.log_likelihoods(BgBb(alpha=alpha, beta=beta, gamma=gamma, delta=delta))
        total = e.total(ways)
        share = np.exp(ways - np.repeat(total, e.sizes)) * np.repeat(self.weights, e.sizes)
        first = _beta_slopes(alpha, beta, e.x, e.last - e.x)
        second = _beta_slopes(gamma, delta, e.gone, e.last)
        gradient = weighted(np.stack([*first, *second]), share) * values
        customers = self.weights.sum()
        return float(-weighted(total, self.weights) / customers), -gradient / customers


def _beta_slopes(p: float, q: float, more_p: Array, more_q: Array) -> tuple[Array, Array]:
    """Derivatives of log B(p + more_p, q + more_q) - log B(p, q) by p and by q."""
    both = digamma(p + q) - digamma(p + more_p + q + more_q)
    return (
        digamma(p + more_p) - digamma(p) + both,
        digamma(q + more_q) - digamma(q) + both,
    )


def fit_bgbb(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> BgBb:
    """
    The most likely BG/BB.

    Args: as of `Histories.of`, all in whole opportunities, with frequency <= recency <= age.

    Raises:
        InvalidHistoryError: If an argument is out of range, or nobody ever bought.
    """
    histories = Histories.of(frequency, recency, age, weights)
    check_opportunities(histories)
    check_fittable(histories)
    folded = fold_histories(histories)
    start = BgBb(alpha=1.0, beta=1.0, gamma=1.0, delta=1.0)
    objective = BgBbObjective(Endings.of(folded), folded.weights)
    return fit(start, objective, float(folded.weights.sum()))


def check_opportunities(histories: Histories) -> None:
    """
    Raises:
        InvalidHistoryError: If times are not whole, or more was bought than chances passed.
    """
    check_range("recency", histories.recency, whole=True)
    check_range("age", histories.age, whole=True)
    more = histories.frequency > histories.recency
    refuse("frequency", histories.frequency, more, "values <= recency of the same row")


def p_alive(model: BgBb, histories: Histories) -> Array:
    """Probability that each customer is alive at the *next* opportunity, n + 1, shape (n,)."""
    alive = _log_alive(model, histories)
    n = histories.age
    return np.exp(alive) * (model.delta + n) / (model.gamma + model.delta + n)


def expected_transactions(model: BgBb, histories: Histories, t: float) -> Array:
    """Expected purchases of each customer at the next *t* (whole) opportunities."""
    return discounted_transactions(model, histories, 0.0, t)


def discounted_transactions(
    model: BgBb, histories: Histories, delta: float, horizon: float
) -> Array:
    """
    The same within *horizon*, a purchase j opportunities from now worth exp(-delta j).

    Raises:
        InvalidHistoryError: If a time is not a whole number of opportunities.
    """
    n = histories.age
    buys = (model.alpha + histories.frequency) / (model.alpha + model.beta + n)
    alive = np.exp(_log_alive(model, histories))
    kept, everyone = model.delta + n, model.gamma + model.delta + n
    if horizon == inf:
        return buys * alive * discounted_stays(Chance(model.gamma, kept), delta)
    check_range("horizon", np.asarray(horizon), whole=True)
    total = np.zeros_like(n)
    for ahead in range(int(horizon)):
        alive *= (kept + ahead) / (everyone + ahead)
        total += alive * exp(-delta * (ahead + 1))
    return buys * total


def expected_transactions_new(model: BgBb, t: Array) -> Array:
    """Expected purchases of a new customer at the first *t* (whole) opportunities."""
    check_range("t", t, whole=True)
    ahead = np.arange(int(t.max(initial=0.0)))
    stays = np.cumprod((model.delta + ahead) / (model.gamma + model.delta + ahead))
    cumulative = np.concatenate([[0.0], np.cumsum(stays)])
    return model.alpha / (model.alpha + model.beta) * cumulative[t.astype(np.intp)]


def transaction_mass(model: BgBb, count: Array, t: float) -> Array:
    """P(a new customer buys at exactly *count* of the first *t* opportunities)."""
    last: Array = np.arange(t + 1, dtype=np.float64)[:, None]
    idle: Array = np.maximum(last - count, 0.0)
    chosen = -np.log1p(last) - betaln(idle + 1, count + 1)
    buys = betaln(model.alpha + count, model.beta + idle)
    gone = (last < t).astype(np.float64)
    stays = betaln(model.gamma + gone, model.delta + last)
    none = betaln(model.alpha, model.beta) + betaln(model.gamma, model.delta)
    ways = np.where(last >= count, np.exp(chosen + buys + stays - none), 0.0)
    mass: Array = ways.sum(axis=0)
    return mass


def _log_alive(model: BgBb, histories: Histories) -> Array:
    """Log P(alive after the last opportunity)."""
    check_opportunities(histories)
    endings = Endings.of(histories)
    ways = endings.log_likelihoods(model)
    alive: Array = ways[endings.start + endings.sizes - 1]
    return alive - endings.total(ways)
