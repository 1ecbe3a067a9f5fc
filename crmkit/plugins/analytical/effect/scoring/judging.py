"""How well predicted uplift sorted the customers of a campaign that came after it was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from crmkit import Columns

from ..errors import NotEnoughDataError
from .arrays import finite
from .persuasion import LEAST_IN_ARM, response
from .qini import Ranking, bands

DRAWS: Final = 200
SEED: Final = 20_071_001
Z: Final = 1.96
Row = Mapping[str, float | str | None]


def judged(columns: Columns, parameters: Mapping[str, Any]) -> tuple[list[Row], list[Row]]:
    """
    The score against a model of who buys when treated, and against chance, as
    :func:`compare_orders` has it; and the measured uplift by tenth of the predicted one.

    Args:
        columns: With ``value``, ``arm`` (1 or 0) and ``outcome`` in minor units.

    Raises:
        NotEnoughDataError: If an arm has fewer than fifty customers, or nobody bought.
    """
    arm, revenue = np.asarray(columns["arm"]), np.asarray(columns["outcome"], dtype=float)
    sizes = [int((arm == each).sum()) for each in (1, 0)]
    if min(sizes) < LEAST_IN_ARM:
        raise NotEnoughDataError(
            "no campaign that began after the cut and is over drew 50 customers anew into each "
            f"arm ({sizes[0]:,} treated and {sizes[1]:,} held out); whoever was drawn before the "
            "cut is left out, because what they did since is an effect of their arm already"
        )
    orders = {"model": columns["value"], "response": response(columns, parameters)}
    return compare_orders(orders, revenue, arm), _tenths(columns["value"], revenue, arm)


def compare_orders(
    orders: Mapping[str, Any], outcome: Any, treatment: Any, *, draws: int = DRAWS
) -> list[Row]:
    """
    How well each of *orders* sorts the customers of an experiment; the first is held against all.

    Of each: ``qini`` and ``auuc``, normalised coefficients of having an outcome above 0, where 0
    is chance and 1 the best order; ``gain``, what treating by this order adds to a customer's
    outcome beyond a random order, on average over how many are treated; and ``behind``, by how
    much its Qini is below that of the first. Intervals of 95 % by a bootstrap of the customers
    with the orders as they are. The last row is ``random``.

    Args:
        orders: By name, shape (n,), the highest to be treated first, made without the *outcome*.
        outcome: Shape (n,), any unit.
        treatment: Shape (n,), 1 for treated and 0 for held out at random.

    Raises:
        NotEnoughDataError: If nobody has an outcome above 0, or no order could be a better one.
        InvalidDesignError: If something is not finite or lengths differ.

    Source: N. J. Radcliffe 2007 for the Qini; for the weights of the bootstrap N. Chamandy et al.
    2012, "Estimating Uncertainty for Massive Data Streams", Google.
    """
    amount = finite("outcome", outcome)
    happened = (amount > 0).astype(float)
    if not happened.any():
        raise NotEnoughDataError("nobody of the campaign bought within the window")
    measured = {
        name: _measured(order, happened, amount, treatment, draws) for name, order in orders.items()
    }
    measured["random"] = np.zeros((3, draws + 1))
    first = next(iter(measured.values()))
    return [_row(name, found, first) for name, found in measured.items()]


def _measured(order: Any, happened: Any, amount: Any, treatment: Any, draws: int) -> Any:
    """Qini, AUUC and gain, of all customers and then of each draw: shape (3, 1 + draws)."""
    by_event, by_amount = Ranking(order, happened, treatment), Ranking(order, amount, treatment)
    drawn = np.random.default_rng(SEED)
    found = [(*by_event.coefficients(), by_amount.gain())]
    for _ in range(draws):
        weights = drawn.poisson(1.0, len(amount)).astype(float)
        found.append((*by_event.coefficients(weights), by_amount.gain(weights)))
    return np.array(found).T


def _row(name: str, found: Any, model: Any) -> Row:
    told: dict[str, float | str | None] = {"name": name}
    behind = model[0] - found[0]
    for measure, values in zip(("qini", "auuc", "gain", "behind"), (*found, behind), strict=True):
        value, error = float(values[0]), float(values[1:].std(ddof=1))
        told |= {
            measure: value,
            f"{measure}_low": value - Z * error,
            f"{measure}_high": value + Z * error,
        }
    return told


def _tenths(value: Any, revenue: Any, arm: Any) -> list[Row]:
    return [
        {
            "decile": each.rank,
            "customers": each.customers,
            "foretold": each.predicted,
            "came": None if each.measured is None else each.measured.value,
            "low": None if each.measured is None else each.measured.low,
            "high": None if each.measured is None else each.measured.high,
        }
        for each in bands(revenue, value, arm)
    ]
