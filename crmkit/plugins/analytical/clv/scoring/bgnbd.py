"""BG/NBD: fit, and the predictions of all beta-geometric models (k >= 1)."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
from numpy.typing import ArrayLike

from ..model import BgNbd
from .beta_geometric import UnfinishedGap, fit_beta_geometric
from .discounting import Curve, discounted_total
from .folding import fold_if_repeating
from .histories import Histories
from .purchases_alive import Buyers, expected_purchases, phases_at_least
from .special import Array, betaln, expit


def fit_bgnbd(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> BgNbd:
    """
    The most likely BG/NBD: a customer may drop out after each repeat purchase.

    Args: as of `Histories.of`.

    Raises:
        InvalidHistoryError: If an argument is out of range, or nobody ever came back.

    Source: Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way", eq. 6.
    """
    return fit_beta_geometric(Histories.of(frequency, recency, age, weights), 1, False)


def p_alive(model: BgNbd, histories: Histories) -> Array:
    """Shape (n,); 1 where frequency is 0, unless one may drop out at birth."""
    x, births = histories.frequency, int(model.dropout_at_birth)
    shape = model.r + model.k * x
    possible = x + births > 0
    kept = np.where(possible, model.b + x + (births - 1), 1.0)
    gap = histories.age - histories.recency
    odds_gone = np.log(model.a / kept) + shape * np.log1p(gap / (model.alpha + histories.recency))
    if model.k > 1:
        unfinished = UnfinishedGap.of(model.k, shape, model.alpha, gap, histories.age)
        odds_gone -= unfinished.log
    return np.where(possible, expit(-odds_gone), 1.0)


def expected_transactions(model: BgNbd, histories: Histories, t: float) -> Array:
    """Expected purchases of each customer in the *t* time units to come; exact for every k."""
    return p_alive(model, histories) * _ahead(model, histories, lambda curve: curve(t))


def discounted_transactions(
    model: BgNbd, histories: Histories, delta: float, horizon: float
) -> Array:
    """The same within *horizon*, each purchase worth exp(-delta t) at time t."""

    def read(curve: Curve) -> Array:
        return discounted_total(curve, delta, horizon, model.alpha)

    return p_alive(model, histories) * _ahead(model, histories, read)


def _ahead(model: BgNbd, histories: Histories, read: Callable[[Curve], Array]) -> Array:
    """What *read* makes of each customer's expected purchases over time, given they are alive."""
    points = fold_if_repeating(histories.frequency, histories.age)
    x, age = histories.frequency[points.first], histories.age[points.first]
    kept, shape = model.b + x + int(model.dropout_at_birth), model.r + model.k * x
    buyers = Buyers(model.a, kept, shape, model.alpha + age, model.k)
    if model.k == 1:
        return read(_curve(buyers))[points.group]
    gap = UnfinishedGap.of(
        model.k,
        shape[points.group],
        model.alpha,
        histories.age - histories.recency,
        histories.age,
    )
    total = np.zeros_like(histories.age)
    for done, weight in enumerate(gap.terms):
        later = attrs.evolve(buyers, done=done, shape=shape + done)
        total += weight * read(_curve(later))[points.group]
    return total / np.exp(gap.log)


def _curve(buyers: Buyers) -> Curve:
    return lambda t: expected_purchases(buyers, np.full_like(buyers.rate, t))


def expected_transactions_new(model: BgNbd, t: Array) -> Array:
    """Expected repeat purchases of a new customer within each *t* after the first purchase."""
    kept, shape, rate = (
        np.full_like(t, value)
        for value in (model.b + int(model.dropout_at_birth), model.r, model.alpha)
    )
    stays = model.b / (model.a + model.b) if model.dropout_at_birth else 1.0
    return stays * expected_purchases(Buyers(model.a, kept, shape, rate, model.k), t)


def transaction_mass(model: BgNbd, count: Array, t: float) -> Array:
    """P(a new customer makes exactly *count* repeat purchases within *t*)."""
    share = t / (model.alpha + t)
    reached = phases_at_least(model.k * count, model.r, share)
    passed = phases_at_least(model.k * (count + 1), model.r, share)
    chances = count + int(model.dropout_at_birth)
    none = betaln(model.a, model.b)
    stayed = np.exp(betaln(model.a, model.b + chances) - none)
    left = np.exp(betaln(model.a + 1, model.b + np.maximum(chances, 1) - 1) - none)
    return stayed * (reached - passed) + np.where(chances > 0, left * reached, 0.0)
