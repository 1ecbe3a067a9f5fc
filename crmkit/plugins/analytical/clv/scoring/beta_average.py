"""Averages over a beta-distributed chance p, whatever the size of its parameters."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from .special import Array, betaln

_NODES = 256


@attrs.frozen(eq=False)
class Chance:
    """p is beta (a, b); b has shape (n,)."""

    a: float
    b: Array


def beta_average(
    chance: Chance, given: Callable[[Array], Array], always: Array, reach: Array
) -> Array:
    """
    E[given(log(1 - p))], shape (n,), by a trapezoidal sum in log(p / (1 - p)).

    The line through both ends is taken out first, so that the rest fades on either side.

    Args:
        given: Analytic in p; takes and gives shape (n,) or (nodes, n).
        always: Its value at p = 1.
        reach: It hardly moves while p is far below exp(-reach).
    """
    a, b = chance.a, chance.b
    middle, spread = np.log(a / b), np.sqrt(1 / a + 1 / b)
    low = np.maximum(middle - 40 / a - 9 * spread, -35 - reach)
    high = np.minimum(middle + 40 / b + 9 * spread, 18.0)
    log_odds = np.linspace(low, high, _NODES)
    log_p, log_q = -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)
    density = np.exp(a * log_p + b * log_q - betaln(a, b))
    never = given(np.full_like(b, -1e-30))
    rest = given(log_q) - never - (always - never) * np.exp(log_p)
    width = (high - low) / (_NODES - 1)
    average: Array = never + (always - never) * a / (a + b)
    average += width * (density * rest).sum(axis=0)
    return average


def discounted_stays(chance: Chance, delta: float) -> Array:
    """Sum over j >= 1 of E[(1 - p)^j] exp(-delta j), for delta > 0."""

    def given(log_stay: Array) -> Array:
        kept = log_stay - delta
        return np.exp(kept) / -np.expm1(kept)

    reach = np.full_like(chance.b, np.log1p(1 / delta))
    return beta_average(chance, given, np.zeros_like(chance.b), reach)
