"""Pareto/NBD, with static covariates: fit and predictions."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import ArrayLike

from ..errors import InvalidHistoryError
from ..model import ParetoNbd
from .discounting import FADED
from .dropout_first import Rates, dropout_first
from .folding import fold_histories, rehearsal_of
from .histories import Covariates, Histories, check_fittable
from .likelihood import as_free, fit
from .nbd import log_count_mass
from .pareto_likelihood import Ends, ParetoObjective, log_stay
from .quadrature import graded_nodes
from .special import Array, expit, exprel


def fit_paretonbd(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    covariates: tuple[ArrayLike | None, ArrayLike | None] = (None, None),
) -> ParetoNbd:
    """
    The most likely Pareto/NBD: a customer may drop out at any moment.

    Args: as of `Histories.of`.

    Raises:
        InvalidHistoryError: If an argument is out of range, or nobody ever came back.

    Source: Schmittlein, Morrison & Colombo 1987, "Counting Your Customers"; static covariates
    after Fader & Hardie 2007, "Incorporating Time-Invariant Covariates".
    """
    histories = Histories.of(frequency, recency, age, weights, covariates)
    check_fittable(histories)
    histories, spread = _standardised(histories)
    folded = fold_histories(histories)
    sample = rehearsal_of(histories, folded)
    rehearsal = None if sample is None else ParetoObjective.of(sample)
    quarter = float(np.average(histories.age, weights=histories.weights)) / 4
    start = ParetoNbd(
        r=1.0,
        alpha=quarter,
        s=1.0,
        beta=quarter,
        purchase_effects=(0.0,) * histories.covariates.purchase.shape[1],
        dropout_effects=(0.0,) * histories.covariates.dropout.shape[1],
    )
    customers = float(folded.weights.sum())
    model = fit(start, ParetoObjective.of(folded), customers, rehearsal=rehearsal)
    return _rescaled(model, spread)


def _standardised(histories: Histories) -> tuple[Histories, Array]:
    """Covariates over their standard deviation, so that all effects are of one order."""
    traits = histories.covariates
    spreads = [_spread(columns) for columns in (traits.purchase, traits.dropout)]
    scaled = Covariates(traits.purchase / spreads[0], traits.dropout / spreads[1])
    return attrs.evolve(histories, covariates=scaled), np.concatenate(spreads)


def _spread(columns: Array) -> Array:
    deviation: Array = columns.std(axis=0)
    return np.where(deviation > 0, deviation, 1.0)


def _rescaled(model: ParetoNbd, spread: Array) -> ParetoNbd:
    unit = np.concatenate([np.ones(4), 1 / spread])
    covariance = np.array(model.covariance) * np.outer(unit, unit)
    return attrs.evolve(
        model.at(as_free(np.array(model.free()) * unit)),
        standard_errors=as_free(np.array(model.standard_errors) * unit),
        covariance=tuple(as_free(row) for row in covariance),
    )


def at_covariates(
    model: ParetoNbd, purchase: Sequence[float], dropout: Sequence[float]
) -> ParetoNbd:
    """The model of a customer with these covariates, without effects of its own."""
    return ParetoNbd(
        r=model.r,
        alpha=model.alpha * float(np.exp(-np.dot(model.purchase_effects, purchase))),
        s=model.s,
        beta=model.beta * float(np.exp(-np.dot(model.dropout_effects, dropout))),
    )


def p_alive(model: ParetoNbd, histories: Histories) -> Array:
    """Probability that each customer is still active, shape (n,)."""
    ends = Ends.of(histories)
    rates = _rates_of(model, ends.covariates)
    stay = log_stay(ends.points, rates)
    chance = dropout_first(ends.points, rates).chance
    gap = stay[ends.gone.group] - stay[ends.alive.group]
    gone, alive = chance[ends.gone.group], chance[ends.alive.group]
    with np.errstate(divide="ignore"):
        between = np.log1p(-np.minimum(np.exp(-gap) * alive / gone, 1.0))
    return expit(-(gap + np.log(gone) + between))


def expected_transactions(model: ParetoNbd, histories: Histories, t: float) -> Array:
    """
    Expected purchases of each customer in the *t* time units to come.

    Source: Fader & Hardie 2005, "A Note on Deriving the Pareto/NBD Model", eq. 41.
    """
    rates = _rates_of(model, histories.covariates)
    dwell = _dwell(model.s, rates.beta + histories.age, np.asarray(t))
    rate = (model.r + histories.frequency) / (rates.alpha + histories.age)
    return p_alive(model, histories) * rate * dwell


def expected_transactions_new(model: ParetoNbd, t: Array) -> Array:
    """Expected repeat purchases of a new customer, all covariates 0, within each *t*."""
    dwell = _dwell(model.s, np.full_like(t, model.beta), t)
    return model.r / model.alpha * dwell


def transaction_mass(model: ParetoNbd, count: Array, t: float) -> Array:
    """P(a new customer, all covariates 0, makes exactly *count* repeat purchases within *t*)."""
    scale = np.array([min(model.alpha, model.beta)])
    times, weights = graded_nodes(np.array([t]), scale)
    leaving = np.log(model.s / model.beta) - (model.s + 1) * np.log1p(times / model.beta)
    gone = np.exp(leaving + log_count_mass(model.r, model.alpha, count, times))
    staying = -model.s * np.log1p(t / model.beta)
    stayed = np.exp(staying + log_count_mass(model.r, model.alpha, count, np.full_like(count, t)))
    mass: Array = (weights * gone).sum(axis=0) + stayed
    return mass


def discounted_transactions(
    model: ParetoNbd, histories: Histories, delta: float, horizon: float
) -> Array:
    """
    The same within *horizon*, each purchase worth exp(-delta t) at time t.

    P(alive) (r + x) / (alpha + T) times the integral of ((beta + T) / (beta + T + t))^s
    exp(-delta t).

    Source: Fader, Hardie & Lee 2005, "RFM and CLV", eq. 2, with the integral by quadrature.
    """
    rates = _rates_of(model, histories.covariates)
    left, place = np.unique(rates.beta + histories.age, return_inverse=True)
    end = np.full_like(left, min(horizon, FADED / delta) if delta > 0 else horizon)
    times, weights = graded_nodes(end, left)
    faded = np.exp(-model.s * np.log1p(times / left) - delta * times)
    integral: Array = (weights * faded).sum(axis=0)
    rate = (model.r + histories.frequency) / (rates.alpha + histories.age)
    return p_alive(model, histories) * rate * integral[place]


def _dwell(s: float, beta: Array, t: Array) -> Array:
    """Expected time until dropout, or *t* if sooner; any s, also 1."""
    reach = np.log1p(t / beta)
    return beta * reach * exprel(-(s - 1) * reach)


def _rates_of(model: ParetoNbd, covariates: Covariates) -> Rates:
    effects = (len(model.purchase_effects), len(model.dropout_effects))
    columns = (covariates.purchase.shape[1], covariates.dropout.shape[1])
    if effects != columns:
        raise InvalidHistoryError("covariates", f"{columns} columns", f"the model's {effects}")
    alpha = model.alpha * np.exp(-covariates.purchase @ np.array(model.purchase_effects))
    beta = model.beta * np.exp(-covariates.dropout @ np.array(model.dropout_effects))
    return Rates(model.r, alpha, model.s, beta)
