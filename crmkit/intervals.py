"""Public: intervals of shares of few people, in pure Python, for plugins that count them."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


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
