"""Attention given against attention that would be fair, from arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from crmkit import Columns, Scored
from crmkit.plugins.foundation.scoring import TooThinError

from .config import Settings
from .model import FAIR, OVER, UNDER

Array: TypeAlias = NDArray[Any]
FEWEST: Final = 30
"""Customers below whom nobody's peers are known."""
LEVELS: Final = 4
LOOSE: Final = 20
"""A cell with so many peers weighs as much as everybody of the same order value."""
NORMAL_95: Final = 1.959963984540054


def fit(columns: Columns, settings: Settings) -> Mapping[str, object]:
    """
    What attention is worth here, and what kinds of buyers could be worth.

    Peers are customers of the same quarter by mean order and of the same third by time known: how
    often they buy is what attention may change, so it does not tell peers apart. What they could be
    is the quantile ``potential_quantile`` of their expected worth, with the order statistics that
    bound it at 95 %; few peers lean on all of the same order value.

    Raises:
        TooThinError: If fewer than thirty customers are known, if nobody got attention or will be
            worth anything, or if amounts are in several currencies.

    Source of the bounds: Conover 1999, "Practical Nonparametric Statistics", 3.2.
    """
    currency = currency_of(columns)
    n = len(columns["customer_id"])
    if n < FEWEST:
        raise TooThinError(f"{n} customers have a worth; peers need {FEWEST}")
    cuts = {
        "order": np.quantile(columns["order_minor"], np.arange(1, LEVELS) / LEVELS).tolist(),
        "known": np.quantile(columns["known_days"], [1 / 3, 2 / 3]).tolist(),
    }
    potential = _potentials(columns, cuts, settings.potential_quantile)
    parameters = {
        "cuts": cuts,
        "potential": potential,
        "currency": currency,
        "share": settings.potential_share,
        "minute_minor": settings.minute_minor,
        "message_minor": settings.message_minor,
    }
    worth = float(_worth(columns, parameters)[0].sum())
    given = sum(float(each.sum()) for each in _given(columns, parameters).values())
    if not given > 0 or not worth > 0:
        raise TooThinError("nobody got attention in the window, or nobody will be worth anything")
    return {**parameters, "rate": given / worth}


@attrs.frozen(eq=False)
class Amounts:
    """
    What is behind the scores, in minor units over the window, shapes (n,).

    Attributes:
        given: Attention by what it consists of.
        expected, potential: What would be fair for the expected value, and for what could be more.
        low, high: Bounds of *fair*, from those of the worth.
        more: How much more than expected the peers show is possible.
    """

    given: Mapping[str, Array]
    expected: Array
    potential: Array
    low: Array
    high: Array
    more: Array

    @property
    def total(self) -> Array:
        found: Array = sum(self.given.values(), np.zeros(len(self.expected)))
        return found

    @property
    def fair(self) -> Array:
        return self.expected + self.potential


def amounts(columns: Columns, parameters: Mapping[str, Any]) -> Amounts:
    """
    Raises:
        TooThinError: If an amount is in another currency than the parameters.
    """
    currency_of(columns, parameters["currency"])
    rate, share = parameters["rate"], parameters["share"]
    _, low, high, potential = _worth(columns, parameters)
    return Amounts(
        given=_given(columns, parameters),
        expected=rate * columns["expected_minor"],
        potential=rate * potential,
        low=rate * low,
        high=rate * high,
        more=potential / share if share else potential,
    )


def score(columns: Columns, parameters: Mapping[str, Any]) -> Scored:
    """
    (fair - given) / (fair + given), in [-1, 1]: at -1 all attention is given for nothing, at 1 none
    is given for much; 0 is fair, and where there is neither.

    Fair is what the company gives on average for a unit of worth, where worth is the expected value
    and a share of the way from there to the peers' potential. Reasons: ``expected`` and
    ``potential`` say what would be fair, ``service``, ``discounts``, ``minutes`` and ``messages``
    what was given. The interval is that of worth. Labels: ``undervalued`` and ``overvalued`` only
    where the interval excludes zero, else ``fair``.

    Raises:
        TooThinError: If an amount is in another currency than the parameters.
    """
    found = amounts(columns, parameters)
    total = found.total
    value, low, high = (_share_of(each, total) for each in (found.fair, found.low, found.high))
    labels = np.where(low > 0, UNDER, np.where(high < 0, OVER, FAIR)).astype(object)
    whole = found.fair + total
    parts = {"expected": found.expected, "potential": found.potential}
    parts |= {name: 0.0 - each for name, each in found.given.items()}
    reasons = {name: _ratio(each, whole) for name, each in parts.items()}
    return Scored(value=value, low=low, high=high, labels=labels, reasons=reasons)


def _share_of(fair: Array, given: Array) -> Array:
    return _ratio(fair - given, fair + given)


def _ratio(part: Array, whole: Array) -> Array:
    found: Array = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return found


def currency_of(columns: Columns, usual: str = "") -> str:
    """The one currency of all amounts; empty where there is none."""
    found = {usual} if usual else set()
    for name in ("currency", "other_currency"):
        found |= {each for each in columns[name].tolist() if each is not None}
    if len(found) > 1:
        raise TooThinError(f"amounts are in {' and '.join(sorted(found))}; worth has one currency")
    return next(iter(found), "")


def _given(columns: Columns, parameters: Mapping[str, Any]) -> dict[str, Array]:
    """Attention by what it consists of, in minor units, positive."""
    return {
        "service": columns["service_minor"].astype(float),
        "discounts": columns["discount_minor"].astype(float),
        "minutes": columns["minutes"] * float(parameters["minute_minor"]),
        "messages": columns["messages"] * float(parameters["message_minor"]),
    }


def _worth(columns: Columns, parameters: Mapping[str, Any]) -> tuple[Array, Array, Array, Array]:
    """Worth with its bounds, and the part of it that is potential."""
    cell = _cells(columns, parameters["cuts"])
    expected, share = columns["expected_minor"], parameters["share"]
    could, least, most = (np.asarray(each)[cell] for each in parameters["potential"])

    def reach(to: Array, start: Array) -> Array:
        way: Array = share * np.maximum(to - start, 0.0)
        return way

    potential = reach(could, expected)
    low = columns["low_minor"] + np.minimum(potential, reach(least, columns["low_minor"]))
    high = columns["high_minor"] + reach(most, columns["high_minor"])
    worth = expected + potential
    return worth, np.minimum(low, worth), np.maximum(high, worth), potential


def _cells(columns: Columns, cuts: Mapping[str, Sequence[float]]) -> Array:
    """The kind of buyer each customer is, as one number."""
    order: Any = np.searchsorted(cuts["order"], columns["order_minor"], side="left")
    known: Any = np.searchsorted(cuts["known"], columns["known_days"], side="left")
    cell: Array = order * 3 + known
    return cell


def _potentials(
    columns: Columns, cuts: Mapping[str, Sequence[float]], quantile: float
) -> list[list[float]]:
    """For each cell what its customers could be worth, and the bounds of that."""
    expected: Array = columns["expected_minor"]
    cell = _cells(columns, cuts)
    rows = []
    for number in range(LEVELS * 3):
        own, alike = expected[cell == number], expected[cell // 3 == number // 3]
        known = alike if alike.size else expected
        weight = own.size / (own.size + LOOSE)
        near = np.array(_bounded(own, quantile)) if own.size else np.zeros(3)
        rows.append(weight * near + (1 - weight) * np.array(_bounded(known, quantile)))
    found: list[list[float]] = np.transpose(rows).tolist()
    return found


def _bounded(values: Array, quantile: float) -> tuple[float, float, float]:
    """The quantile, and the order statistics that bound it at about 95 %."""
    ordered, n = np.sort(values), len(values)
    reach = NORMAL_95 * np.sqrt(n * quantile * (1 - quantile))
    ends = [int(np.clip(np.floor(n * quantile - reach), 0, n - 1))]
    ends.append(int(np.clip(np.ceil(n * quantile + reach), 0, n - 1)))
    middle = float(np.quantile(values, quantile))
    return middle, min(middle, float(ordered[ends[0]])), max(middle, float(ordered[ends[1]]))
