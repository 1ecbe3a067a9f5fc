"""What a fitted model expects of customers; one verb for all models that count purchases."""

from __future__ import annotations

from math import expm1, inf
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..model import BgBb, BgNbd, Nbd, ParetoNbd
from . import bgbb, bgnbd, nbd, paretonbd
from .discounting import check_discount
from .folding import distinct_rows
from .histories import Histories, check_range, numbers
from .special import Array

PurchaseModel: TypeAlias = BgNbd | ParetoNbd | Nbd | BgBb


def p_alive(model: PurchaseModel, histories: Histories) -> Array:
    """
    Probability that each customer is still active at the end of their history.

    Returns: shape (n,), each in [0, 1]; for BG/BB, at the next opportunity; for NBD, 1.
    """
    match model:
        case BgNbd():
            return bgnbd.p_alive(model, histories)
        case ParetoNbd():
            return paretonbd.p_alive(model, histories)
        case BgBb():
            return bgbb.p_alive(model, histories)
        case Nbd():
            return np.ones_like(histories.age)


def expected_transactions(model: PurchaseModel, histories: Histories, t: float) -> Array:
    """
    Expected purchases of each customer in the next *t* units of time.

    Returns: shape (n,), each >= 0.

    Raises:
        InvalidHistoryError: If *t* is not a finite number >= 0; for BG/BB, an integer.
    """
    check_range("t", numbers(t), whole=isinstance(model, BgBb))
    match model:
        case BgNbd():
            return bgnbd.expected_transactions(model, histories, t)
        case ParetoNbd():
            return paretonbd.expected_transactions(model, histories, t)
        case BgBb():
            return bgbb.expected_transactions(model, histories, t)
        case Nbd():
            return nbd.purchase_rate(model, histories) * t


def expected_transactions_new(model: PurchaseModel, t: ArrayLike) -> Array:
    """
    Expected repeat purchases of a new customer within each *t* after the first purchase.

    Raises:
        InvalidHistoryError: As `expected_transactions`.
    """
    times = np.atleast_1d(numbers(t))
    check_range("t", times, whole=isinstance(model, BgBb))
    match model:
        case BgNbd():
            return bgnbd.expected_transactions_new(model, times)
        case ParetoNbd():
            return paretonbd.expected_transactions_new(model, times)
        case BgBb():
            return bgbb.expected_transactions_new(model, times)
        case Nbd():
            return model.r / model.alpha * times


def transaction_mass(model: PurchaseModel, count: ArrayLike, t: float) -> Array:
    """
    Probability that a new customer makes exactly *count* repeat purchases within *t*.

    Raises:
        InvalidHistoryError: If a count is not an integer >= 0, or *t* as above.
    """
    counts = np.atleast_1d(numbers(count))
    check_range("count", counts, whole=True)
    check_range("t", numbers(t), whole=isinstance(model, BgBb))
    match model:
        case BgNbd():
            return bgnbd.transaction_mass(model, counts, t)
        case ParetoNbd():
            return paretonbd.transaction_mass(model, counts, t)
        case BgBb():
            return bgbb.transaction_mass(model, counts, t)
        case Nbd():
            return nbd.transaction_mass(model, counts, t)


def discounted_transactions(
    model: PurchaseModel, histories: Histories, *, delta: float, horizon: float = inf
) -> Array:
    """
    Discounted expected residual transactions (DERT) of each customer, shape (n,).

    Args:
        delta: Continuous discount rate per unit of time of the histories (per opportunity for
            BG/BB); see `continuous_rate`.
        horizon: Time from now after which purchases do not count.

    Raises:
        NotDefinedError: If a value is negative, or delta is 0 with an infinite horizon.
    """
    check_discount(delta, horizon)
    rows = distinct_rows(histories)
    few = histories.rows(rows.first)
    match model:
        case BgNbd():
            value = bgnbd.discounted_transactions(model, few, delta, horizon)
        case ParetoNbd():
            value = paretonbd.discounted_transactions(model, few, delta, horizon)
        case BgBb():
            value = bgbb.discounted_transactions(model, few, delta, horizon)
        case Nbd():
            value = nbd.purchase_rate(model, few) * _annuity(delta, horizon)
    return value[rows.group]


def _annuity(delta: float, horizon: float) -> float:
    if delta == 0:
        return horizon
    return -expm1(-delta * horizon) / delta if horizon < inf else 1 / delta
