"""Whether keeping a customer costs less than winning one, here and now: a claim that may fail."""

from __future__ import annotations

from math import nan, sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from ..model import CostPerHead, Keeping, Verdict

NORMAL_95: Final = 1.959963984540054
FEWEST: Final = 10
"""Customers won, and kept, below which nothing is claimed."""


def compare(
    winning_costs: ArrayLike, won: ArrayLike, keeping_costs: ArrayLike, kept: ArrayLike
) -> Keeping:
    """
    Cost per customer won against cost per customer kept, with 95 % intervals.

    What was spent on those who did not come, or did not stay, is part of the price of those who
    did.

    Args:
        winning_costs: Spent on each customer while we wanted to win them, shape (n,).
        won: Whether they bought for the first time then, shape (n,).
        keeping_costs: Spent on each customer while we wanted to keep them, shape (m,).
        kept: Whether they bought again then, shape (m,).

    Source: the variance of a ratio of means by the delta method, Deng, Knoblich & Lu 2018,
    "Applying the Delta Method in Metric Analytics", section 3.1.
    """
    winning, keeping = per_head(winning_costs, won), per_head(keeping_costs, kept)
    saved = winning.each - keeping.each
    reach = NORMAL_95 * sqrt(winning.error**2 + keeping.error**2)
    verdict: Verdict = "open"
    if min(winning.heads, keeping.heads) < FEWEST:
        verdict = "not enough data"
    elif abs(saved) > reach:
        verdict = "holds" if saved > 0 else "refuted"
    return Keeping(
        winning=winning,
        keeping=keeping,
        saved=saved,
        saved_low=saved - reach,
        saved_high=saved + reach,
        verdict=verdict,
    )


def per_head(costs: ArrayLike, came: ArrayLike) -> CostPerHead:
    """What one who came cost: the ratio of the sums, and its standard error; nan if nobody came."""
    spent, heads = np.asarray(costs, np.float64), np.asarray(came, np.float64)
    n, total, count = spent.size, float(spent.sum()), int(heads.sum())
    if not count:
        return CostPerHead(customers=n, heads=0, cost=total, each=nan, error=nan)
    each = total / count
    missed = spent - each * heads
    error = sqrt(float(missed @ missed) / max(n - 1, 1) * n) / count
    return CostPerHead(customers=n, heads=count, cost=total, each=each, error=error)
