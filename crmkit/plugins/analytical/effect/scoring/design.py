"""Whether an experiment was split as designed, how many customers it needs, and peeking at it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, log, sqrt
from typing import Any

import attrs
import numpy as np
from scipy.special import chdtrc, ndtri  # type: ignore[import-untyped, unused-ignore]

from ..errors import InvalidDesignError, NotEnoughDataError
from ..model import Difference, SampleRatio
from .arrays import arms, share_in

BROKEN_BELOW = 0.001


def sample_ratio(counts: Sequence[int], shares: Sequence[float]) -> SampleRatio:
    """
    Whether arms of *counts* customers can come from a split by *shares*; broken when p < .001.

    Raises:
        InvalidDesignError: If shares are not positive or do not add up to 1, or lengths differ.
        NotEnoughDataError: If fewer than five customers are expected in an arm.

    Source: Pearson's chi-square; as a guard of experiments A. Fabijan et al. 2019, "Diagnosing
    sample ratio mismatch in online controlled experiments", KDD.
    """
    seen, expected = np.asarray(counts, dtype=float), np.asarray(shares, dtype=float)
    if seen.shape != expected.shape or len(seen) < 2 or not (expected > 0).all():
        raise InvalidDesignError("shares", list(shares), "a positive share for each arm")
    if abs(expected.sum() - 1) > 1e-9:
        raise InvalidDesignError("shares", list(shares), "shares that add up to 1")
    expected = expected * seen.sum()
    if expected.min() < 5:
        raise NotEnoughDataError("fewer than five customers are expected in an arm")
    statistic = float(((seen - expected) ** 2 / expected).sum())
    p_value = float(chdtrc(len(seen) - 1, statistic))
    return SampleRatio(statistic=statistic, p_value=p_value, broken=p_value < BROKEN_BELOW)


def sample_size(
    baseline: float, mde: float, *, alpha: float = 0.05, power: float = 0.8,
    holdout_share: float = 0.5,
) -> tuple[int, int]:  # fmt: skip
    """
    Treated and held-out customers needed to see a share move from *baseline* by *mde*.

    Raises:
        InvalidDesignError: If a share, or baseline plus mde, is not strictly between 0 and 1.

    Source: the normal approximation with unpooled variances, e.g. J. L. Fleiss, B. Levin & M. C.
    Paik 2003, "Statistical Methods for Rates and Proportions", chapter 4, without continuity
    correction.
    """
    share_in("baseline", baseline)
    if mde == 0:
        raise InvalidDesignError("mde", mde, "a difference other than 0")
    moved = share_in("baseline plus mde", baseline + mde)
    variances = moved * (1 - moved), baseline * (1 - baseline)
    return _needed(mde, variances, alpha, power, holdout_share)


def sample_size_of_mean(
    deviation: float, mde: float, *, alpha: float = 0.05, power: float = 0.8,
    holdout_share: float = 0.5,
) -> tuple[int, int]:  # fmt: skip
    """
    Treated and held-out customers needed to see a mean move by *mde*; *deviation* is the standard
    deviation of the outcome in either arm.

    Raises:
        InvalidDesignError: If *mde* is 0 or *deviation* not positive.
    """
    if mde == 0 or not deviation > 0:
        raise InvalidDesignError("mde and deviation", (mde, deviation), "mde not 0, deviation > 0")
    return _needed(mde, (deviation**2, deviation**2), alpha, power, holdout_share)


def detectable(
    deviation: float, treated: int, control: int, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """The smallest difference of means arms of this size show with the chance *power*."""
    return _reach(alpha, power) * deviation * sqrt(1 / treated + 1 / control)


def always_valid(
    treated: Any, control: Any, *, level: float = 0.95, best_at: int = 1_000
) -> Difference:
    """
    The difference of means with an interval that holds however often one has looked.

    A normal-mixture confidence sequence with the variances put in (so it holds asymptotically),
    tightest around *best_at* customers. Its p-value is that of the mixture sequential probability
    ratio test: the smallest level at which the sequence leaves out 0.

    Raises:
        NotEnoughDataError: If an arm has fewer than two customers, or nothing varies.

    Source: R. Johari, P. Koomen, L. Pekelis & D. Walsh 2017, "Peeking at A/B tests", KDD; I.
    Waudby-Smith et al. 2024, "Time-uniform central limit theory and asymptotic confidence
    sequences", Annals of Statistics 52.
    """
    alpha = 1 - share_in("level", level)
    a, b = arms(treated, control)
    variance = a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)
    if variance == 0:
        raise NotEnoughDataError("the outcome is the same for every customer of both arms")
    value, n = float(a.mean() - b.mean()), len(a) + len(b)
    # the variance of the mixing normal, in units of the variance of one observation
    mixing = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / best_at
    growth = 1 + n * mixing
    reach = sqrt(variance * growth / (n * mixing) * log(growth / alpha**2))
    exponent = value**2 / variance * n * mixing / (2 * growth)
    p_value = min(1.0, sqrt(growth) * exp(-min(exponent, 700.0)))
    return Difference(
        value=value, low=value - reach, high=value + reach, p_value=p_value,
        treated=len(a), control=len(b), level=level, method="always valid",
    )  # fmt: skip


def holm(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """
    The same differences with p-values corrected for their number, in the given order.

    Source: S. Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6. Holds however the tests depend on each other.
    """
    order = sorted(range(len(found)), key=lambda index: found[index].p_value)
    corrected, largest = dict[int, float](), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(found) - rank) * found[index].p_value))
        corrected[index] = largest
    return tuple(attrs.evolve(each, p_value=corrected[index]) for index, each in enumerate(found))


def _needed(
    mde: float, variances: tuple[float, float], alpha: float, power: float, holdout_share: float
) -> tuple[int, int]:
    share_in("holdout_share", holdout_share)
    per_customer = variances[0] / (1 - holdout_share) + variances[1] / holdout_share
    total = per_customer * (_reach(alpha, power) / mde) ** 2
    return ceil(total * (1 - holdout_share) - 1e-9), ceil(total * holdout_share - 1e-9)


def _reach(alpha: float, power: float) -> float:
    share_in("alpha", alpha)
    return float(ndtri(1 - alpha / 2) + ndtri(share_in("power", power)))
