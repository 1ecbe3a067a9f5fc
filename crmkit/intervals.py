"""Public: intervals of shares and of medians, in pure Python, for plugins that count people."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, nan, sqrt
from statistics import NormalDist

COUNTED = 1_000
"""Up to so many values the binomial is added up; beyond, the normal is as good."""


def wilson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """
    Wilson's score interval of *events* out of *n*, which is above 0.

    Source: E. B. Wilson 1927, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = events / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def newcombe(
    events: int, n: int, other_events: int, other_n: int, level: float = 0.95
) -> tuple[float, float]:
    """
    Interval of the difference of two shares, ``events / n - other_events / other_n``.

    It stays within -1 and 1 and has width also where all or none of a group did it.

    Source: R. G. Newcombe 1998, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, method 10.
    """
    p, q = events / n, other_events / other_n
    p_low, p_high = wilson(events, n, level)
    q_low, q_high = wilson(other_events, other_n, level)
    below = sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    above = sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return p - q - below, p - q + above


def median_error(values: Sequence[float]) -> float:
    """
    Standard error of the median, whatever the distribution; nan of fewer than two values.

    Source: D. G. Bonett, R. M. Price 2002, "Statistical inference for a linear function of
    medians", Psychological Methods 7.
    """
    n = len(values)
    if n < 2:
        return nan
    ordered = sorted(values)
    place = max(1, round((n + 1) / 2 - sqrt(n)))
    below = _binomial(place - 1, n)
    z = NormalDist().inv_cdf(1 - below)
    return (ordered[n - place] - ordered[place - 1]) / (2 * z)


def _binomial(most: int, n: int) -> float:
    """Chance of at most *most* heads in *n* tosses."""
    if n <= COUNTED:
        return float(sum(comb(n, k) for k in range(most + 1)) / 2**n)
    return NormalDist(n / 2, sqrt(n) / 2).cdf(most + 0.5)
