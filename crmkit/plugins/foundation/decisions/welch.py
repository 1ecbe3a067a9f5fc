"""Welch's interval for the difference of two means, without any library."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt
from statistics import fmean, variance

from .model import Difference

_TINY = 1e-300


def difference(treated: Sequence[float], control: Sequence[float]) -> Difference | None:
    """
    Mean of *treated* less mean of *control*, with a 95 % interval.

    Returns: None when that cannot be said: fewer than two values in an arm, or no variation at all.

    Source: B. L. Welch 1947, "The generalization of 'Student's' problem when several different
    population variances are involved", Biometrika 34.
    """
    if min(len(treated), len(control)) < 2:
        return None
    a, b = variance(treated) / len(treated), variance(control) / len(control)
    if a + b == 0:
        return None
    freedom = (a + b) ** 2 / (a**2 / (len(treated) - 1) + b**2 / (len(control) - 1))
    value = fmean(treated) - fmean(control)
    reach = t_bound(freedom) * sqrt(a + b)
    return Difference(value=value, low=value - reach, high=value + reach)


def t_bound(freedom: float) -> float:
    """The t that a Student variable exceeds in magnitude one time in twenty; *freedom* >= 1."""
    low, high = 1.9, 13.0
    for _ in range(60):
        middle = (low + high) / 2
        if _two_tails(middle, freedom) > 0.05:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _two_tails(t: float, freedom: float) -> float:
    return _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, for 0 < x < 1."""
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    return front / _continued_fraction(a, b, x)


def _continued_fraction(a: float, b: float, x: float) -> float:
    """
    The denominator of the incomplete beta function by Lentz's method.

    Source: NIST Digital Library of Mathematical Functions, 8.17.22.
    """
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, 500):
        m = step // 2
        if step % 2:
            factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            factor = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / ((1 + factor * d) or _TINY)
        c = (1 + factor / c) or _TINY
        value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value
