"""Purchases ahead of customers who are alive and may drop out after each of them."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from .beta_average import Chance, beta_average
from .special import Array, Number, betainc, hyp2f1

_NEAR_ONE = 1e-5
_CANCELLED = 1e-6
_CHUNK = 1024


@attrs.frozen(eq=False)
class Buyers:
    """
    Customers known to be alive: rate gamma (shape, rate), dropout chance beta (a, kept).

    Gaps are Erlang-k, of whose phases `done` < k lie behind. The arrays share one shape (n,).
    """

    a: float
    kept: Array
    shape: Array
    rate: Array
    k: int = 1
    done: int = 0

    def some(self, chosen: NDArray[np.bool_] | slice) -> Buyers:
        """Only these customers."""
        return attrs.evolve(
            self, kept=self.kept[chosen], shape=self.shape[chosen], rate=self.rate[chosen]
        )


def expected_purchases(buyers: Buyers, t: Array) -> Array:
    """
    Expected purchases within *t*, shape (n,).

    For k = 1 by the formula of Fader, Hardie & Lee 2005, eq. 10, after Euler's transformation: no
    factor overflows however large the shape. What it leaves undefined or cancelled is integrated.
    """
    if buyers.k > 1:
        return average_over_dropout(buyers, t)
    value = _closed_form(buyers, t)
    doubtful = ~_credible(value, buyers, t)
    if doubtful.any():
        value[doubtful] = average_over_dropout(buyers.some(doubtful), t[doubtful])
    return value


def _closed_form(buyers: Buyers, t: Array) -> Array:
    if abs(buyers.a - 1.0) >= _NEAR_ONE:
        return _formula(buyers, t)
    # at a = 1 the formula has a removable singularity
    below, above = (
        _formula(attrs.evolve(buyers, a=edge), t) for edge in (1.0 - _NEAR_ONE, 1.0 + _NEAR_ONE)
    )
    return below + (above - below) * ((buyers.a - 1.0) / (2 * _NEAR_ONE) + 0.5)


def _formula(buyers: Buyers, t: Array) -> Array:
    a, both = buyers.a, buyers.a + buyers.kept - 1
    with np.errstate(all="ignore"):
        tail = hyp2f1(both - buyers.shape, a - 1, both, t / (buyers.rate + t))
        return both / (a - 1) * (1 - (buyers.rate / (buyers.rate + t)) ** (a - 1) * tail)


def _credible(value: Array, buyers: Buyers, t: Array) -> NDArray[np.bool_]:
    """Large enough to have survived the subtraction, and no more than without any dropout."""
    scale = np.abs(buyers.a + buyers.kept - 1) / max(abs(buyers.a - 1), _NEAR_ONE)
    undisturbed = buyers.shape * t / buyers.rate
    return (value > _CANCELLED * scale) & (value <= undisturbed * (1 + 1e-9))


def average_over_dropout(buyers: Buyers, t: Array) -> Array:
    """As `expected_purchases`, for any k and any size of the parameters, only slower."""
    value = np.empty_like(t)
    for at in range(0, t.size, _CHUNK):
        chunk = slice(at, at + _CHUNK)
        value[chunk] = _average(buyers.some(chunk), t[chunk])
    return value


def _average(buyers: Buyers, t: Array) -> Array:
    first = float(buyers.k - buyers.done)
    return beta_average(
        Chance(buyers.a, buyers.kept),
        given=lambda log_stay: _given_dropout(buyers, t, log_stay),
        always=phases_at_least(first, buyers.shape, t / (buyers.rate + t)),
        reach=np.log1p(buyers.shape * t / buyers.rate),
    )


def _given_dropout(buyers: Buyers, t: Array, log_stay: Array) -> Array:
    """
    Expected purchases when each is survived with a known chance: the sum over m >= 1 of
    stay^(m - 1) P(at least m k - done phases), by a filter over the k-th roots of unity.
    """
    k, pace = buyers.k, t / buyers.rate
    root, gap = np.exp(log_stay / k), -np.expm1(log_stay / k)
    total = -np.expm1(-buyers.shape * np.log1p(pace * gap)) / gap
    for turn in range(1, k // 2 + 1):
        unit = -1.0 if 2 * turn == k else np.exp(2j * np.pi * turn / k)
        away = 1 - unit * root
        term = unit ** (buyers.done + 1) * (1 - (1 + pace * away) ** -buyers.shape) / away
        total += term.real * (1 if 2 * turn == k else 2)
    expected: Array = total / k * root ** (buyers.done + 1 - k)
    return expected


def phases_at_least(count: Number, shape: Number, share: Number) -> Array:
    """P(a negative binomial number of phases >= *count*), for *share* = t / (rate + t)."""
    some = np.asarray(count) > 0
    return np.where(some, betainc(np.where(some, count, 1.0), shape, share), 1.0)
