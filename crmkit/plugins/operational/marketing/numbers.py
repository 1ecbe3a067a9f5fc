"""Arms, shares, differences and bounds that hold whenever one looks. No unit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from itertools import accumulate
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
    Assigns arms by permuted blocks, so that chance decides however few customers come at a time.

    Every full block of a stratum holds each arm in its share. A customer draws from what is left
    of the block, by a number that is its own; *counted* says how far each stratum already is.
    """

    def __init__(
        self, word: str, shares: Mapping[str, float], counted: Mapping[tuple[str, str], int]
    ):
        self._word = word
        self._shares = dict(shares)
        self._counts = dict(counted)
        self._size = block_size(self._shares.values())

    def arms(self, members: Iterable[tuple[int, str]]) -> dict[int, str]:
        """The arm of each ``(customer id, stratum)``."""
        return {customer_id: self._next(customer_id, stratum) for customer_id, stratum in members}

    def _next(self, customer_id: int, stratum: str) -> str:
        counts = {arm: self._counts.get((stratum, arm), 0) for arm in self._shares}
        end = (sum(counts.values()) // self._size + 1) * self._size
        left = [max(0.0, self._shares[arm] * end - count) for arm, count in counts.items()]
        *reached, all_left = accumulate(left)
        spot = position(f"{self._word} arm", customer_id) * all_left
        arm = list(counts)[bisect_right(reached, spot)]
        self._counts[stratum, arm] = counts[arm] + 1
        return arm


def block_size(shares: Collection[float]) -> int:
    """The smallest block, of at most 100, that holds every share in whole numbers; or 100."""
    whole = (n for n in range(1, 100) if all(abs(n * s - round(n * s)) < 1e-9 for s in shares))
    return next(whole, 100)


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
    central limit theory and asymptotic confidence sequences", Annals of Statistics 52; the
    variance is that of the difference, and the number of observations that of both arms.
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
