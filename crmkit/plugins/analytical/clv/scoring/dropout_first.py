"""
The chance that a Pareto/NBD customer drops out before buying again.

For one alive at time y with x purchases it is E[mu / (lambda + mu)]
    = s / p * 2F1(1, r + x; p + 1; (alpha - beta) / (alpha + y)),    p = r + s + x,
and the whole likelihood needs nothing else of that kind. Gauss's continued fraction gives it
with its derivatives whichever of alpha and beta is larger, without a transcendental function.

Source: Gauss's fraction as in DLMF 15.7. Each level gains a factor tanh |log((beta + y) /
(alpha + y)) / 4| in precision.
"""

from __future__ import annotations

from math import log

import attrs
import numpy as np

from .special import Array, Index

_TOLERANCE = 1e-13
_MOST_LEVELS = 400
_BLOCK = 8192


@attrs.frozen(eq=False)
class Points:
    """
    Distinct (frequency, time) pairs: `counts`, shape (m,), are the distinct frequencies and
    `place`, shape (n,), says which of them each point has. Sorted by `time`, neighbours need
    about as many levels of the fraction.
    """

    counts: Array
    place: Index
    time: Array


@attrs.frozen(eq=False)
class Rates:
    """Pareto/NBD parameters; alpha and beta of shape (n,), or (1,) where all points share them."""

    r: float
    alpha: Array
    s: float
    beta: Array


@attrs.frozen(eq=False)
class DropoutFirst:
    """
    `chance`, shape (n,), in (0, 1); `slopes`, shape (4, n), of its logarithm by r, log alpha, s
    and log beta.
    """

    chance: Array
    slopes: Array


def dropout_first(points: Points, rates: Rates) -> DropoutFirst:
    """At each point; computed in blocks that stay in the processor's cache."""
    size = points.time.size
    by_alpha, by_beta = rates.alpha + points.time, rates.beta + points.time
    gain = np.tanh(np.abs(np.log(by_beta / by_alpha)) / 4)
    blocks = [slice(at, at + _BLOCK) for at in range(0, size, _BLOCK)]
    needed = [_levels(float(gain[block].max())) for block in blocks]
    fraction = _Fraction.of(rates.r, rates.s, points.counts, max(needed))
    value, slopes = np.empty(size), np.empty((4, size))
    z, by_z = 1 - by_beta / by_alpha, np.empty(size)
    for block, levels in zip(blocks, needed, strict=True):
        f, f_rs, f_z = fraction.evaluate(z[block], points.place[block], levels)
        value[block], by_z[block] = f, f_z / f
        slopes[0:3:2, block] = f_rs / f
    p = (rates.r + rates.s + points.counts)[points.place]
    slopes[0] -= 1 / p
    slopes[2] += 1 / rates.s - 1 / p
    slopes[1] = by_z * rates.alpha * by_beta / by_alpha**2
    slopes[3] = by_z * -rates.beta / by_alpha
    return DropoutFirst(rates.s / p * value, slopes)


def _levels(gain: float) -> int:
    if gain < _TOLERANCE:
        return 1
    return min(int(log(_TOLERANCE) / log(gain)) + 2, _MOST_LEVELS)


@attrs.frozen(eq=False)
class _Fraction:
    """
    Coefficients of 1 / (1 - u1 z / (1 - u2 z / ...)), shape (levels, m), and the slopes of their
    logarithms by r and by s, shape (levels, 2, m).
    """

    u: Array
    slopes: Array

    @classmethod
    def of(cls, r: float, s: float, counts: Array, levels: int) -> _Fraction:
        b, p = r + counts, r + s + counts
        odd = np.arange((levels + 1) // 2)[:, None]
        even = np.arange(1, levels // 2 + 1)[:, None]
        u, slopes = np.empty((levels, counts.size)), np.empty((levels, 2, counts.size))
        u[0::2] = (p + odd) * (b + odd) / ((p + 2 * odd) * (p + 2 * odd + 1))
        slopes[0::2, 1] = 1 / (p + odd) - 1 / (p + 2 * odd) - 1 / (p + 2 * odd + 1)
        slopes[0::2, 0] = slopes[0::2, 1] + 1 / (b + odd)
        u[1::2] = even * (s + even) / ((p + 2 * even - 1) * (p + 2 * even))
        slopes[1::2, 0] = -1 / (p + 2 * even - 1) - 1 / (p + 2 * even)
        slopes[1::2, 1] = slopes[1::2, 0] + 1 / (s + even)
        return cls(u, slopes)

    def evaluate(self, z: Array, place: Index, levels: int) -> tuple[Array, Array, Array]:
        """Value, derivatives by r and s, and by z, from the innermost level outwards."""
        f, by_z, by_rs = np.ones_like(z), np.zeros_like(z), np.zeros((2, z.size))
        for level in range(levels - 1, -1, -1):
            u = self.u[level].take(place)
            uf = u * f
            outer = 1 / (1 - uf * z)
            squared = outer * outer
            pull = squared * u * z
            by_z *= pull
            by_z += squared * uf
            by_rs += self.slopes[level].take(place, axis=1) * f
            by_rs *= pull
            f = outer
        return f, by_rs, by_z
