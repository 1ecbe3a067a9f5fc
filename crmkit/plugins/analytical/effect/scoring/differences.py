"""Differences between two arms with intervals, and what a covariate takes off them."""

from __future__ import annotations

from datetime import datetime
from math import sqrt
from typing import Any

import numpy as np
from scipy.special import (  # type: ignore[import-untyped, unused-ignore]
    ndtr,
    stdtr,
    stdtrit,
)

from crmkit import intervals

from ..errors import InvalidDesignError, NotEnoughDataError
from ..model import Difference
from .arrays import arms, finite, share_in


def mean_difference(treated: Any, control: Any, level: float = 0.95) -> Difference:
    """
    Mean of *treated*, shape (n,), less mean of *control*, shape (m,), with Welch's interval.

    Raises:
        NotEnoughDataError: If an arm has fewer than two customers, or nothing varies.

    Source: B. L. Welch 1947, "The generalization of 'Student's' problem when several different
    population variances are involved", Biometrika 34.
    """
    a, b = arms(treated, control)
    return _welch(
        float(a.mean() - b.mean()), (a.var(ddof=1), len(a)), (b.var(ddof=1), len(b)), level
    )


def share_difference(
    treated_events: int, treated: int, control_events: int, control: int, level: float = 0.95
) -> Difference:
    """
    Difference of two shares with Newcombe's hybrid of Wilson's intervals; p by the pooled z test.

    It stays within -1 and 1 and has width also where all or none of an arm converted.

    Raises:
        NotEnoughDataError: If an arm is empty, or all or none of both converted.

    Source: R. G. Newcombe 1998, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, method 10.
    """
    _check_events(treated_events, treated, control_events, control)
    p, q = treated_events / treated, control_events / control
    level = share_in("level", level)
    low, high = intervals.newcombe(treated_events, treated, control_events, control, level)
    pooled = (treated_events + control_events) / (treated + control)
    error = sqrt(pooled * (1 - pooled) * (1 / treated + 1 / control))
    return Difference(
        value=p - q,
        low=low,
        high=high,
        p_value=float(2 * ndtr(-abs(p - q) / error)),
        treated=treated,
        control=control,
        level=level,
        method="Newcombe",
    )


def wilson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """
    Wilson's score interval of a share; as :func:`crmkit.intervals.wilson`, with *level* checked.
    """
    return intervals.wilson(events, n, share_in("level", level))


def ratio_difference(
    treated_above: Any,
    treated_below: Any,
    control_above: Any,
    control_below: Any,
    level: float = 0.95,
) -> Difference:
    """
    Difference of two ratios of sums, such as revenue per order, by the delta method.

    The arrays of an arm hold numerator and denominator of each customer, who is the unit that was
    assigned; orders of one customer may depend on each other.

    Raises:
        NotEnoughDataError: If an arm is too small, or nothing varies.
        InvalidDesignError: If a denominator sums to 0, or lengths differ.

    Source: A. Deng, U. Knoblich & J. Lu 2018, "Applying the delta method in metric analytics",
    KDD, section 3.
    """
    (p, a), (q, b) = (
        _linearised("treated", treated_above, treated_below),
        _linearised("control", control_above, control_below),
    )
    arms(a, b)
    found = _welch(p - q, (a.var(ddof=1), len(a)), (b.var(ddof=1), len(b)), level)
    return _named(found, "delta method")


def cuped(
    treated: Any,
    control: Any,
    treated_before: Any,
    control_before: Any,
    *,
    measured_until: datetime,
    assigned_at: datetime,
    level: float = 0.95,
) -> Difference:
    """
    :func:`mean_difference` less what was different before: Y - theta (X - mean X).

    Args:
        treated_before, control_before: The covariate of each customer.
        measured_until: End of the time the covariate was taken from.
        assigned_at: When customers were assigned to their arms.

    Raises:
        InvalidDesignError: If the covariate does not predate the assignment, is constant, or its
            length is not that of the outcomes.
        NotEnoughDataError: As :func:`mean_difference`.

    Source: A. Deng, Y. Xu, R. Kohavi & T. Walker 2013, "Improving the sensitivity of online
    controlled experiments by utilizing pre-experiment data", WSDM.
    """
    if measured_until > assigned_at:
        raise InvalidDesignError(
            "covariate", f"measured until {measured_until:%Y-%m-%d %H:%M}",
            f"one from before the assignment at {assigned_at:%Y-%m-%d %H:%M}",
        )  # fmt: skip
    a, b = arms(treated, control)
    before_a, before_b = finite("covariate", treated_before), finite("covariate", control_before)
    if (len(before_a), len(before_b)) != (len(a), len(b)):
        raise InvalidDesignError("covariate", (len(before_a), len(before_b)), "one per outcome")
    # centred by arm, so that an effect does not pass for a slope
    x = np.r_[before_a - before_a.mean(), before_b - before_b.mean()]
    y = np.r_[a - a.mean(), b - b.mean()]
    spread = float(x @ x)
    scale = max(float(np.abs(before_a).max()), float(np.abs(before_b).max()), 1.0)
    if spread <= 1e-20 * scale**2 * len(x):
        raise InvalidDesignError("covariate", "a constant", "one that differs between customers")
    theta = float(x @ y) / spread
    found = mean_difference(a - theta * before_a, b - theta * before_b, level)
    total = float(y @ y)
    share = (float(x @ y) ** 2 / spread) / total if total else 0.0
    return _named(found, "CUPED", share)


def _named(found: Difference, method: str, reduction: float = 0.0) -> Difference:
    import attrs

    return attrs.evolve(found, method=method, variance_reduction=reduction)


def _linearised(name: str, above: Any, below: Any) -> tuple[float, Any]:
    top, bottom = finite(name, above), finite(name, below)
    if len(top) != len(bottom):
        raise InvalidDesignError(name, (len(top), len(bottom)), "arrays of one length")
    if not len(bottom):
        raise NotEnoughDataError(f"nobody is in the arm {name}")
    if bottom.sum() == 0:
        raise InvalidDesignError(f"{name} denominator", 0, "a sum other than 0")
    ratio = float(top.sum() / bottom.sum())
    return ratio, (top - ratio * bottom) / bottom.mean()


def _welch(
    value: float, treated: tuple[float, int], control: tuple[float, int], level: float
) -> Difference:
    (a, n), (b, m) = (treated[0] / treated[1], treated[1]), (control[0] / control[1], control[1])
    share_in("level", level)
    if a + b == 0:
        raise NotEnoughDataError("the outcome is the same for every customer of both arms")
    freedom = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
    error = sqrt(a + b)
    reach = float(stdtrit(freedom, (1 + level) / 2)) * error
    p_value = float(2 * stdtr(freedom, -abs(value) / error))
    return Difference(
        value=value, low=value - reach, high=value + reach, p_value=p_value,
        treated=n, control=m, level=level,
    )  # fmt: skip


def _check_events(treated_events: int, treated: int, control_events: int, control: int) -> None:
    for events, n in ((treated_events, treated), (control_events, control)):
        if not 0 <= events <= n:
            raise InvalidDesignError("events", events, f"between 0 and the {n} of the arm")
    if min(treated, control) < 1:
        raise NotEnoughDataError(f"{treated:,} treated and {control:,} held out; both are needed")
    if treated_events + control_events in (0, treated + control):
        all_or_none = "all" if control_events else "none"
        raise NotEnoughDataError(f"{all_or_none} of both arms converted, so nothing can differ")
