"""Shares of few people, with intervals. Pure Python."""

from __future__ import annotations

from math import nan, sqrt
from typing import Final

from .model import Share

Z: Final = 1.959963984540054
"""Of a normal distribution, 95 % two-sided."""


def share(count: int, of: int) -> Share:
    """
    With Wilson's score interval.

    Source: E. B. Wilson 1927, "Probable inference, the law of succession, and statistical
    inference", JASA 22.
    """
    if not of:
        return Share(count=0, of=0, value=nan, low=nan, high=nan)
    p, weight = count / of, Z * Z / of
    middle = (p + weight / 2) / (1 + weight)
    half = Z * sqrt(p * (1 - p) / of + weight / (4 * of)) / (1 + weight)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Share(count=count, of=of, value=p, low=low, high=high)


def difference(one: Share, other: Share) -> tuple[float, float, float]:
    """
    Of two shares, and the bounds of its 95 % interval; nan where one of them is of nobody.

    Source: R. G. Newcombe 1998, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, method 10.
    """
    if not one.of or not other.of:
        return nan, nan, nan
    value = one.value - other.value
    below = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return value, value - below, value + above
