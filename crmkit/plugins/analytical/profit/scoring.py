"""From what customers brought and cost to their profit. Knows no database and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmkit import Columns, Scored
from crmkit.plugins.foundation.scoring import TooThinError

from .model import Concentration

Array: TypeAlias = NDArray[Any]
TOP, LOSS, ORDINARY = "top", "loss_making", "ordinary"
EVEN: Final = 1e-9
DIGITS: Final = 6
"""Of a cost before it is rounded, so that the order of a sum decides nothing."""


def goods_minor(
    revenue: ArrayLike,
    returns: ArrayLike,
    margin_share: float,
    costed: ArrayLike = 0,
    cost: ArrayLike = 0.0,
) -> Array:
    """
    What the goods cost that a customer kept, in whole minor units, halves to even; positive.

    Args:
        revenue, returns: Shape (n,), minor units; returns are negative.
        margin_share: In (0, 1], of what is not *costed*.
        costed: The part of revenue and returns of which the *cost* is known, shape (n,).
        cost: Minor units with a fraction, shape (n,).
    """
    kept = np.asarray(revenue, np.int64) + np.asarray(returns, np.int64)
    unknown = np.rint((kept - np.asarray(costed, np.int64)) * (1 - margin_share))
    known = np.rint(np.round(np.asarray(cost, np.float64), DIGITS))
    goods: Array = (unknown + known).astype(np.int64)
    return goods


def fit(columns: Columns, margin_share: float, top_share: float) -> Mapping[str, object]:
    """
    The margin, and the profit from which on a customer belongs to the top: a quantile of type 7.

    Raises:
        TooThinError: If amounts are in several currencies.
    """
    currency = currency_of(columns)
    profit = sum(_parts(columns, margin_share).values(), np.zeros(len(columns["customer_id"])))
    top = float(np.quantile(profit, 1 - top_share))
    return {"top": top, "margin_share": margin_share, "currency": currency}


def score(columns: Columns, parameters: Mapping[str, Any]) -> Scored:
    """
    Profit of each customer in the window, in minor units, before overheads.

    The reasons are the lines of the statement: ``revenue``, ``returns``, ``goods``, ``discounts``
    and ``service``. Labels: ``loss_making`` below zero, ``top``, ``ordinary``.

    Raises:
        TooThinError: If an amount is in another currency than the parameters.
    """
    currency_of(columns, parameters["currency"])
    parts = _parts(columns, parameters["margin_share"])
    profit = sum(parts.values(), np.zeros(len(columns["customer_id"])))
    is_top = (profit >= parameters["top"]) & (profit > 0)
    labels = np.where(profit < 0, LOSS, np.where(is_top, TOP, ORDINARY)).astype(object)
    return Scored(value=profit, labels=labels, reasons=parts)


def currency_of(columns: Columns, usual: str = "") -> str:
    """The one currency of all amounts; empty where there is no amount."""
    found = {each for each in columns["currency"].tolist() if each is not None}
    found |= {each for each in columns["other_currency"].tolist() if each is not None}
    found |= {usual} if usual else set()
    if len(found) > 1:
        raise TooThinError(f"amounts are in {' and '.join(sorted(found))}; profit has one currency")
    return next(iter(found), "")


def _parts(columns: Columns, margin_share: float) -> dict[str, Array]:
    """The lines of each statement as doubles; costs are negative."""
    revenue, returns = columns["revenue_minor"], columns["returns_minor"]
    goods = goods_minor(revenue, returns, margin_share, columns["costed_minor"], columns["cost"])
    return {
        "revenue": revenue.astype(float),
        "returns": returns.astype(float),
        "goods": 0.0 - goods,
        "discounts": 0.0 - columns["discount_minor"],
        "service": 0.0 - columns["service_minor"],
    }


def whale_curve(profit: ArrayLike) -> tuple[Array, Array]:
    """
    Share of customers, the most profitable first, against the share of all profit they bring.

    Args:
        profit: Of each customer, shape (n,), any unit, of positive sum.

    Returns: two arrays of shape (n + 1,), from 0, 0 to 1, 1; above 1 between where some customers
    cost more than they bring.

    Source: Kaplan & Narayanan 2001, "Measuring and Managing Customer Profitability", Journal of
    Cost Management 15(5).
    """
    values = np.sort(np.asarray(profit, np.float64))[::-1]
    reached = np.concatenate(([0.0], np.cumsum(values))) / values.sum()
    return np.linspace(0.0, 1.0, len(reached)), reached


def gini(values: ArrayLike) -> float:
    """
    2 sum(i y_i) / (n sum(y)) - (n + 1) / n with *y* ascending and i from 1; no correction for few.

    Args:
        values: Shape (n,), >= 0, not all 0.
    """
    given = np.sort(np.asarray(values, np.float64))
    n = len(given)
    return float(2 * (np.arange(1, n + 1) @ given) / (n * given.sum()) - (n + 1) / n)


def concentration(profit: ArrayLike) -> Concentration:
    """
    Args:
        profit: Of each customer, shape (n,), n >= 1, of positive sum.
    """
    values = np.asarray(profit, np.float64)
    total = float(values.sum())
    _, reached = whale_curve(values)
    n = len(values)

    def top(share: float) -> float:
        return float(reached[int(np.ceil(share * n - EVEN))])

    return Concentration(
        customers=n,
        total=total,
        gini=gini(values) if (values >= 0).all() else None,
        top_20=top(0.2),
        top_1=top(0.01),
        best=float(values.max()),
        peak=float(reached.max()),
        losing=int((values < 0).sum()),
    )
