"""Uplift models over any estimator that is a pair of a fit and a predict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np

from ..errors import InvalidDesignError, NotEnoughDataError
from .arrays import finite, zeros_and_ones

Method = Literal["s", "t", "x", "class"]
Predict = Callable[[Any], Any]


class Fit(Protocol):
    """Learns *y*, shape (n,), from *x*, shape (n, p); returns what predicts it for other rows."""

    def __call__(self, x: Any, y: Any, /) -> Predict: ...


def ridge(x: Any, y: Any, penalty: float = 1.0) -> Predict:
    """Least squares on standardised columns with a quadratic penalty, none on the mean."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    z, centre = (x - mean) / spread, y.mean()
    weights = np.linalg.solve(z.T @ z + penalty * np.eye(x.shape[1]), z.T @ (y - centre))
    return lambda rows: centre + (rows - mean) / spread @ weights


def logistic(x: Any, y: Any, penalty: float = 1.0) -> Predict:
    """Chance of *y* = 1 on standardised columns, by Newton's method with a quadratic penalty."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)

    def design(rows: Any) -> Any:
        return np.c_[np.ones(len(rows)), (rows - mean) / spread]

    z = design(x)
    # the whisper of a penalty on the mean keeps it finite where all or none have the event
    ridge_term = np.diag([1e-3, *[penalty] * x.shape[1]])
    beta = np.zeros(z.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(z @ beta, -35, 35)))
        slope = z.T @ (y - chance) - ridge_term @ beta
        step = np.linalg.solve((z * (chance * (1 - chance))[:, None]).T @ z + ridge_term, slope)
        beta = beta + step / max(1.0, float(np.abs(step).max()) / 5)
        if np.abs(step).max() < 1e-9:
            break
    return lambda rows: 1 / (1 + np.exp(-np.clip(design(rows) @ beta, -35, 35)))


def fit_uplift(
    x: Any, outcome: Any, treatment: Any, method: Method = "t", fit: Fit = ridge
) -> Predict:
    """
    Learns who changes by being treated; returns what predicts the difference for rows like *x*.

    Args:
        x: Known before the assignment, shape (n, p).
        method: ``s`` one model with the arm and its products among the columns; ``t`` a model for
            each arm; ``x`` the effects imputed from these, learnt again and weighed by the share
            treated; ``class`` the outcome turned by the arm, unbiased when the arm was drawn.
        fit: Any estimator, for example ``lambda x, y: forest.fit(x, y).predict``.

    Raises:
        NotEnoughDataError: If an arm has no more customers than *x* has columns.
        InvalidDesignError: If something is not finite or lengths differ.

    Source: S. R. Kuenzel et al. 2019, "Metalearners for estimating heterogeneous treatment
    effects", PNAS 116 (S, T, X); M. Jaskowski & S. Jaroszewicz 2012, "Uplift modeling for clinical
    trial data", ICML workshop, in the form for any share treated and any outcome of S. Athey &
    G. Imbens 2016, PNAS 113 (class transformation).
    """
    rows, y, t = _checked(x, outcome, treatment)
    match method:
        case "t":
            return _two(fit(rows[t == 1], y[t == 1]), fit(rows[t == 0], y[t == 0]))
        case "s":
            one = fit(_with_arm(rows, t), y)
            return lambda new: (
                one(_with_arm(new, np.ones(len(new)))) - one(_with_arm(new, np.zeros(len(new))))
            )
        case "x":
            return _crossed(rows, y, t, fit)
        case "class":
            share = t.mean()
            return fit(rows, y * (t - share) / (share * (1 - share)))
    raise InvalidDesignError("method", method, "s, t, x or class")


def held_out_uplift(
    x: Any, outcome: Any, treatment: Any, method: Method = "t", fit: Fit = ridge, folds: int = 5
) -> Any:
    """Uplift of each row by a model that has not seen it; row i is in fold i % *folds*."""
    rows, y, t = _checked(x, outcome, treatment)
    fold, found = np.arange(len(y)) % folds, np.empty(len(y))
    for each in range(folds):
        learn, use = fold != each, fold == each
        found[use] = fit_uplift(rows[learn], y[learn], t[learn], method, fit)(rows[use])
    return found


def _two(treated: Predict, control: Predict) -> Predict:
    return lambda rows: treated(rows) - control(rows)


def _with_arm(rows: Any, t: Any) -> Any:
    return np.c_[rows, t, rows * t[:, None]]


def _crossed(rows: Any, y: Any, t: Any, fit: Fit) -> Predict:
    treated, control = t == 1, t == 0
    model_1, model_0 = fit(rows[treated], y[treated]), fit(rows[control], y[control])
    gain_1 = fit(rows[treated], y[treated] - model_0(rows[treated]))
    gain_0 = fit(rows[control], model_1(rows[control]) - y[control])
    share = t.mean()
    return lambda new: share * gain_0(new) + (1 - share) * gain_1(new)


def _checked(x: Any, outcome: Any, treatment: Any) -> tuple[Any, Any, Any]:
    rows = np.asarray(x, dtype=float)
    y, t = finite("outcome", outcome), zeros_and_ones("treatment", treatment)
    if rows.ndim != 2 or not len(rows) == len(y) == len(t):
        raise InvalidDesignError(
            "x", rows.shape, f"one row of columns for each of {len(y)} customers"
        )
    if not np.isfinite(rows).all():
        raise InvalidDesignError("x", "NaN or infinity", "finite numbers only")
    least = int(min(t.sum(), len(t) - t.sum()))
    if least <= rows.shape[1]:
        raise NotEnoughDataError(
            f"the smaller arm has {least:,} customers; {rows.shape[1]} columns need more than that"
        )
    return rows, y, t
