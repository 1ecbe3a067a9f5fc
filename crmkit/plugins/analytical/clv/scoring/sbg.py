"""
sBG: contracts renewed, or not, at fixed dates.

Source: Fader & Hardie 2007, "How to Project Customer Retention"; residual lifetime from
Fader & Hardie 2010, "Customer-Base Valuation in a Contractual Setting".
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InvalidHistoryError, NotDefinedError
from ..model import Sbg
from .beta_average import Chance, discounted_stays
from .histories import check_range, check_shape, numbers, positive_weights, refuse
from .likelihood import fit
from .special import Array, betaln, digamma, weighted


@attrs.frozen(eq=False)
class SbgObjective:
    """
    Minus the log-likelihood per customer at free (alpha, beta), with its gradient.

    `renewals` before the end of each history; `lost` is 1 where it ended by leaving.
    """

    renewals: Array
    lost: Array
    weights: Array

    def __call__(self, free: Array) -> tuple[float, Array]:
        """Value and gradient."""
        alpha, beta = np.exp(free).tolist()
        w = self.weights / -self.weights.sum()
        value = betaln(alpha + self.lost, beta + self.renewals) - betaln(alpha, beta)
        both = digamma(alpha + beta) - digamma(alpha + beta + self.lost + self.renewals)
        by_alpha = digamma(alpha + self.lost) - digamma(alpha) + both
        by_beta = digamma(beta + self.renewals) - digamma(beta) + both
        gradient = weighted(np.stack([alpha * by_alpha, beta * by_beta]), w)
        return float(weighted(value, w)), gradient


def fit_sbg(age: ArrayLike, churned: ArrayLike, *, weights: ArrayLike | None = None) -> Sbg:
    """
    The most likely sBG.

    Args:
        age: Periods seen of each contract, shape (n,), integers >= 0; where churned, the period
            at whose end it was not renewed, >= 1.
        churned: Whether the contract ended, shape (n,).
        weights: Contracts behind each row, shape (n,), >= 0.

    Raises:
        InvalidHistoryError: If an argument is out of range, or nobody ever left.
    """
    periods = numbers(age)
    lost: NDArray[np.bool_] = np.asarray(churned, dtype=np.bool_)
    check_shape("churned", lost.astype(np.float64), periods.shape)
    check_range("age", periods, whole=True)
    refuse("age", periods, lost & (periods < 1), "integers >= 1 where churned")
    checked = positive_weights(weights, periods.shape)
    if not checked[lost].any():
        raise InvalidHistoryError("churned", "false everywhere", "at least one true")
    gone = lost.astype(np.float64)
    objective = SbgObjective(periods - gone, gone, checked)
    return fit(Sbg(alpha=1.0, beta=1.0), objective, float(checked.sum()))


def fit_sbg_cohort(survivors: ArrayLike) -> Sbg:
    """
    The most likely sBG of one cohort.

    Args:
        survivors: Customers left after 0, 1, 2 ... periods, shape (periods + 1,), never rising.

    Raises:
        InvalidHistoryError: If the numbers rise or are out of range, or nobody left.
    """
    left = numbers(survivors)
    check_range("survivors", left)
    refuse("survivors", left, np.diff(left, prepend=left[:1]) > 0, "values that never rise")
    periods = np.arange(left.size)
    age = np.append(periods[1:], periods[-1])
    churned = np.append(np.ones(left.size - 1, np.bool_), False)
    return fit_sbg(age, churned, weights=np.append(-np.diff(left), left[-1]))


def survival(model: Sbg, t: ArrayLike) -> Array:
    """Share of a cohort left after each number *t* of periods, in [0, 1]."""
    return np.exp(betaln(model.alpha, model.beta + numbers(t)) - betaln(model.alpha, model.beta))


def retention(model: Sbg, t: ArrayLike) -> Array:
    """Share of those left after t - 1 periods who are left after *t* >= 1, in [0, 1]."""
    periods = numbers(t)
    check_range("t", periods, least=1.0)
    return (model.beta + periods - 1) / (model.alpha + model.beta + periods - 1)


def discounted_residual_lifetime(model: Sbg, renewals: ArrayLike, delta: float) -> Array:
    """
    Expected further periods, each discounted, of customers about to decide once more.

    Args:
        renewals: Renewals so far, >= 0.
        delta: Continuous discount rate per period; the coming period counts in full.

    Raises:
        NotDefinedError: If delta is not positive.
    """
    if not delta > 0:
        raise NotDefinedError(f"delta is {delta:g}; accepted: numbers > 0")
    kept = model.beta + np.atleast_1d(numbers(renewals))
    ahead: Array = discounted_stays(Chance(model.alpha, kept), delta) * np.exp(delta)
    return ahead
