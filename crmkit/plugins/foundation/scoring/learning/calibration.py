"""Making chances say what they mean."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike

from .logistic import Array, expit, fit_logistic


@attrs.frozen
class Platt:
    """Log-odds moved by a line: slope 1 and intercept 0 where they were right."""

    slope: float
    intercept: float

    def linear(self, linear: ArrayLike) -> Array:
        found: Array = self.slope * np.asarray(linear, np.float64) + self.intercept
        return found

    def chance(self, linear: ArrayLike) -> Array:
        return expit(self.linear(linear))


def platt(linear: ArrayLike, happened: ArrayLike) -> Platt:
    """
    The line through the log-odds under which what happened is likeliest; never falling.

    Source: Platt 1999, "Probabilistic Outputs for Support Vector Machines", without its smoothed
    targets.
    """
    column = np.asarray(linear, np.float64)[:, None]
    fitted = fit_logistic(column, happened, ["linear"], ridge=1e-6)
    slope = max(fitted.coefficients[0], 0.0)
    if slope == 0.0:
        share = float(np.mean(np.asarray(happened)))
        return Platt(0.0, float(np.log(share / (1 - share))))
    return Platt(slope, fitted.intercept)


@attrs.frozen
class Isotonic:
    """A rising staircase; between its steps a straight line, outside its ends flat."""

    at: tuple[float, ...]
    chances: tuple[float, ...]

    def chance(self, value: ArrayLike) -> Array:
        found: Array = np.interp(np.asarray(value, np.float64), self.at, self.chances)
        return found


def isotonic(value: ArrayLike, happened: ArrayLike) -> Isotonic:
    """
    The rising function of *value* that is nearest to what happened, by least squares.

    Source: Zadrozny & Elkan 2002, "Transforming Classifier Scores into Accurate Multiclass
    Probability Estimates"; pool adjacent violators, Ayer et al. 1955.
    """
    x, y = np.asarray(value, np.float64), np.asarray(happened, np.float64)
    levels, place = np.unique(x, return_inverse=True)
    counts = np.bincount(place).astype(float)
    means = np.bincount(place, y) / counts
    blocks: list[list[Any]] = []
    for level, mean, count in zip(levels, means, counts, strict=True):
        blocks.append([mean, count, [level]])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            upper = blocks.pop()
            lower = blocks[-1]
            weight = lower[1] + upper[1]
            lower[0] = (lower[0] * lower[1] + upper[0] * upper[1]) / weight
            lower[1], lower[2] = weight, lower[2] + upper[2]
    at = [each for block in blocks for each in block[2]]
    chances = [block[0] for block in blocks for _ in block[2]]
    return Isotonic(tuple(map(float, at)), tuple(map(float, chances)))
