"""Logistic regression by iteratively reweighted least squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any, Final, Self, TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InvalidColumnsError, OneClassError

Array: TypeAlias = NDArray[Any]
STEPS: Final = 60
CLOSE: Final = 1e-10
FLAT: Final = 1e-12
SHORTEST: Final = 1e-4
COLLINEAR: Final = 1e-9
"""Share of a column's variance, below which those before it say all of it."""
CERTAIN: Final = 30.0
"""A linear predictor beyond which a chance is 0 or 1 to thirteen digits."""


@attrs.frozen(kw_only=True)
class Logistic:
    """
    A fitted model; every sequence is in the order of *names*.

    Attributes:
        coefficients: Change of the log-odds for one unit more; 0 for what was left out.
        standard_errors: nan for what was left out.
        covariance: Of the intercept, first, and the coefficients.
        means: Of the columns, weighted.
        left_out: Columns that say nothing: constant ones, and combinations of those before.
        note: Empty when all went well; else what the figures are worth.
    """

    names: tuple[str, ...]
    intercept: float
    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    means: tuple[float, ...]
    left_out: tuple[str, ...]
    log_likelihood: float
    converged: bool
    note: str = ""

    def linear(self, matrix: ArrayLike) -> Array:
        """The log-odds of each row, shape (n,)."""
        found: Array = np.asarray(matrix, np.float64) @ np.array(self.coefficients) + self.intercept
        return found

    def chance(self, matrix: ArrayLike) -> Array:
        """The chance of each row, shape (n,), in (0, 1)."""
        return expit(self.linear(matrix))

    def error(self, matrix: ArrayLike) -> Array:
        """Standard error of the log-odds of each row, shape (n,)."""
        given = np.asarray(matrix, np.float64)
        rows = np.column_stack((np.ones(len(given)), given))
        spread = np.einsum("ij,jk,ik->i", rows, np.array(self.covariance), rows)
        found: Array = np.sqrt(np.maximum(spread, 0.0))
        return found

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """From what ``attrs.asdict`` wrote, through JSON: lists, and None for nan."""
        told = dict(written)
        for name in ("names", "left_out", "coefficients", "means"):
            told[name] = tuple(told[name])
        told["standard_errors"] = tuple(nan if e is None else e for e in told["standard_errors"])
        told["covariance"] = tuple(map(tuple, told["covariance"]))
        return cls(**told)


def expit(value: Array) -> Array:
    """1 / (1 + exp(-value)), without overflow."""
    found: Array = 0.5 * (1.0 + np.tanh(0.5 * value))
    return found


def fit_logistic(
    matrix: ArrayLike,
    happened: ArrayLike,
    names: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    ridge: float = 0.0,
) -> Logistic:
    """
    Maximum likelihood, or with *ridge* the likelihood less ridge / 2 times the sum of the squared
    coefficients of the standardised columns (the intercept is free).

    Args:
        matrix: Shape (n, m), finite.
        happened: 0 or 1, shape (n,).
        weights: How many each row stands for, shape (n,), >= 0; default 1.

    Raises:
        InvalidColumnsError: If a value is not finite, shapes do not fit, or a label is not 0 or 1.
        OneClassError: If it happened to all, or to nobody.

    Source: McCullagh & Nelder 1989, "Generalized Linear Models", 2nd ed., sections 2.5 and 4.4.
    """
    given, y, w = _checked(matrix, happened, names, weights)
    means = np.average(given, axis=0, weights=w)
    scales = np.sqrt(np.average((given - means) ** 2, axis=0, weights=w))
    standard = (given - means) / np.where(scales > FLAT * (1 + np.abs(means)), scales, 1.0)
    kept = _independent(standard, scales > FLAT * (1 + np.abs(means)), w)
    design = np.column_stack((np.ones(len(y)), standard[:, kept]))
    penalty = np.diag([0.0, *[ridge] * len(kept)])
    beta, information, converged = _newton(design, y, w, penalty)
    return _told(names, kept, means, scales, beta, information, (design, y, w), converged, ridge)


def _checked(
    matrix: ArrayLike, happened: ArrayLike, names: Sequence[str], weights: ArrayLike | None
) -> tuple[Array, Array, Array]:
    given, y = np.asarray(matrix, np.float64), np.asarray(happened, np.float64)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    if given.ndim != 2 or given.shape != (len(y), len(names)) or w.shape != y.shape:
        raise InvalidColumnsError("shapes", f"{given.shape}, {y.shape} and {w.shape}")
    finite = np.isfinite(given)
    if not finite.all():
        bad = int(np.argmin(finite.all(axis=0)))
        raise InvalidColumnsError(names[bad], "a value that is no number")
    if not np.isin(y, (0.0, 1.0)).all():
        raise InvalidColumnsError("what happened", "a label that is neither 0 nor 1")
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise InvalidColumnsError("weights", "a value below 0")
    if not 0 < float(w @ y) < float(w.sum()):
        raise OneClassError(bool(len(y)) and float(w @ y) > 0)
    return given, y, w


def _independent(standard: Array, varies: Array, weights: Array) -> list[int]:
    """Columns that vary and are no combination of those before them, by elimination."""
    left = (standard * weights[:, None]).T @ standard / weights.sum()
    kept: list[int] = []
    for column in np.flatnonzero(varies).tolist():
        if left[column, column] > COLLINEAR:
            kept.append(column)
            left = left - np.outer(left[:, column], left[column]) / left[column, column]
    return kept


def _newton(design: Array, y: Array, w: Array, penalty: Array) -> tuple[Array, Array, bool]:
    beta = np.zeros(design.shape[1])
    share = float(w @ y / w.sum())
    beta[0] = np.log(share / (1 - share))
    before = _objective(design, y, w, penalty, beta)
    for _ in range(STEPS):
        chance, information = _information(design, w, penalty, beta)
        gradient = design.T @ (w * (y - chance)) - penalty @ beta
        step = np.linalg.lstsq(information, gradient, rcond=None)[0]
        size = 1.0
        while size > SHORTEST and _objective(design, y, w, penalty, beta + size * step) < before:
            size /= 2
        beta = beta + size * step
        now = _objective(design, y, w, penalty, beta)
        if abs(now - before) <= CLOSE * (1 + abs(now)):
            return beta, _information(design, w, penalty, beta)[1], True
        before = now
    return beta, _information(design, w, penalty, beta)[1], False


def _information(design: Array, w: Array, penalty: Array, beta: Array) -> tuple[Array, Array]:
    """The chances, and the second derivative of what is made small."""
    chance = expit(design @ beta)
    return chance, (design * (w * chance * (1 - chance))[:, None]).T @ design + penalty


def _objective(design: Array, y: Array, w: Array, penalty: Array, beta: Array) -> float:
    linear = design @ beta
    likelihood = w @ (y * linear - np.logaddexp(0.0, linear))
    return float(likelihood - 0.5 * beta @ penalty @ beta)


def _told(
    names: Sequence[str],
    kept: Sequence[int],
    means: Array,
    scales: Array,
    beta: Array,
    information: Array,
    data: tuple[Array, Array, Array],
    converged: bool,
    ridge: float,
) -> Logistic:
    """Back from standardised columns to the given ones."""
    m = len(names)
    back = np.zeros((m + 1, len(beta)))
    back[0, 0] = 1.0
    for place, column in enumerate(kept, 1):
        back[column + 1, place] = 1 / scales[column]
        back[0, place] = -means[column] / scales[column]
    plain = back @ beta
    covariance = back @ np.linalg.pinv(information) @ back.T
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))[1:]
    left_out = tuple(name for at, name in enumerate(names) if at not in kept)
    design, y, w = data
    is_separated = bool((np.abs(design @ beta) > CERTAIN / 2).mean() > 0.5) or (
        not ridge and bool((np.abs(beta[1:]) > CERTAIN / 2).any())
    )
    note = ""
    if is_separated:
        note = "the columns tell the two apart without error; coefficients grow without a bound"
    elif not converged:
        note = "the fit did not settle"
    return Logistic(
        names=tuple(names),
        intercept=float(plain[0]),
        coefficients=tuple(plain[1:].tolist()),
        standard_errors=tuple(float(errors[at]) if at in kept else nan for at in range(m)),
        covariance=tuple(map(tuple, covariance.tolist())),
        means=tuple(means.tolist()),
        left_out=left_out,
        log_likelihood=_objective(design, y, w, np.zeros_like(information), beta),
        converged=converged and not is_separated,
        note=note,
    )
