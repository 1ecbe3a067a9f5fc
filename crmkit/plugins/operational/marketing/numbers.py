"""Arms, shares, differences and bounds that hold whenever one looks. No unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import inf, log, nan, sqrt
from statistics import NormalDist
from typing import Final

import attrs

from crmkit.intervals import newcombe

Z: Final = NormalDist().inv_cdf(0.975)
TUNED_FOR: Final = 1_000
"""Observations at which the confidence sequence is tightest."""


def position(word: str, customer_id: int) -> float:
    """Where a customer stands in the draw of *word*, in [0, 1): the same on every machine."""
    digest = sha256(f"{word}\0{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


class Draw:
    """
    Assigns arms so that each stratum holds each arm in its share, however many come at a time.

    Within a stratum the next customer, in the order of the draw, goes to the arm that is furthest
    behind its share; which customer comes next is chance.
    """

    def __init__(
        self, word: str, shares: Mapping[str, float], counted: Mapping[tuple[str, str], int]
    ):
        self._word = word
        self._shares = dict(shares)
        self._counts = dict(counted)

    def arms(self, members: Sequence[tuple[int, str]]) -> dict[int, str]:
        """The arm of each ``(customer id, stratum)``."""
        order = sorted(members, key=lambda each: position(self._word, each[0]))
        return {customer_id: self._next(stratum) for customer_id, stratum in order}

    def _next(self, stratum: str) -> str:
        total = sum(self._counts.get((stratum, arm), 0) for arm in self._shares) + 1

        def behind(arm: str) -> float:
            return self._shares[arm] * total - self._counts.get((stratum, arm), 0)

        arm = max(self._shares, key=behind)
        self._counts[stratum, arm] = self._counts.get((stratum, arm), 0) + 1
        return arm


@attrs.frozen
class Between:
    """A value and the bounds of its 95 % interval; nan where there is none."""

    value: float
    low: float
    high: float


NOTHING: Final = Between(nan, nan, nan)


def share_difference(one: tuple[int, int], other: tuple[int, int]) -> Between:
    """Of two shares, each as count and number, with Newcombe's interval."""
    (count, of), (other_count, other_of) = one, other
    if not of or not other_of:
        return NOTHING
    low, high = newcombe(count, of, other_count, other_of)
    return Between(count / of - other_count / other_of, low, high)


def mean_difference(one: tuple[float, float], other: tuple[float, float]) -> Between:
    """Of two means, each with its standard error; normal, for arms that are not small."""
    value = one[0] - other[0]
    half = Z * sqrt(one[1] ** 2 + other[1] ** 2)
    return Between(value, value - half, value + half)


def mean_and_error(count: int, total: float, squares: float) -> tuple[float, float]:
    """Of *count* numbers, from their sum and the sum of their squares."""
    if count < 2:
        return (total / count if count else nan), nan
    mean = total / count
    variance = max(0.0, (squares - count * mean * mean) / (count - 1))
    return mean, sqrt(variance / count)


def share_sequence(one: tuple[int, int], other: tuple[int, int], alpha: float = 0.05) -> Between:
    """
    The difference of two shares with bounds that hold at every time one looks, together.

    Source: I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas 2024, "Time-uniform
    central limit theory and asymptotic confidence sequences", Annals of Statistics 52, theorem 2.2
    and the choice of rho in their section B.2; the variance is that of the difference, and the
    number of observations that of both arms.
    """
    (count, of), (other_count, other_of) = one, other
    if not of or not other_of:
        return NOTHING
    p, q = count / of, other_count / other_of
    n = of + other_of
    variance = n * (p * (1 - p) / of + q * (1 - q) / other_of)
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha)) + 1) / TUNED_FOR
    scale = n * rho2 + 1
    half = sqrt(variance) * sqrt(2 * scale / (n * n * rho2) * log(sqrt(scale) / alpha))
    half = half if variance else inf
    return Between(p - q, p - q - half, p - q + half)
