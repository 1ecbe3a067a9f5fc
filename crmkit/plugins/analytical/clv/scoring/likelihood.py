"""The one maximum-likelihood driver all models share."""

from __future__ import annotations

from typing import TypeVar

import attrs
import numpy as np

from ..model import Estimate
from .curvature import Evidence, hessian_of, read_curvature
from .search import Objective, Search, minimise
from .special import Array

M = TypeVar("M", bound=Estimate)

_REACH = 11.0
"""A parameter may leave its start by a factor of exp(11), about 60,000, either way."""


def as_free(values: Array) -> tuple[float, ...]:
    """The vector as plain floats, the form in which records take it."""
    return tuple(values.tolist())


def fit(
    start: M,
    objective: Objective,
    customers: float,
    *,
    floors: tuple[float, ...] | None = None,
    rehearsal: Objective | None = None,
) -> M:
    """
    The most likely model of the kind of *start*, searched from there.

    Args:
        customers: Total weight; turns the objective back into a log-likelihood.
        floors: Least value of each named parameter, on its own scale.
        rehearsal: The objective on a sample, to begin from its optimum.
    """
    origin = np.array(start.free())
    bounds = _bounds(origin, len(start.names), floors)
    if rehearsal is None:
        search = minimise(objective, origin, bounds)
    else:
        small = minimise(rehearsal, origin, bounds)
        search = minimise(objective, small.point, bounds, small.inverse)
    evidence = read_curvature(hessian_of(objective, search.point), search, customers)
    point, value = _polished(search, evidence, customers)
    model = start.at(as_free(point))
    scale = np.concatenate([np.exp(point[: len(start.names)]), np.ones(point.size)])
    return attrs.evolve(
        model,
        log_likelihood=float(-value * customers),
        customers=customers,
        standard_errors=as_free(evidence.errors * scale[: point.size]),
        covariance=tuple(as_free(row) for row in evidence.covariance),
        converged=search.converged,
        note=evidence.note(_labels(model, point.size), point > origin),
    )


def _polished(search: Search, evidence: Evidence, customers: float) -> tuple[Array, float]:
    """The point and value after one Newton step with the Hessian at hand, off the boundary."""
    if np.isnan(evidence.errors).any():
        return search.point, search.value
    step = -(evidence.covariance @ search.gradient) * customers
    return search.point + step, search.value + 0.5 * float(search.gradient @ step)


def _labels(model: Estimate, size: int) -> tuple[str, ...]:
    extra = size - len(model.names)
    return model.names + tuple(f"effect {place + 1}" for place in range(extra))


def _bounds(origin: Array, positive: int, floors: tuple[float, ...] | None) -> tuple[Array, Array]:
    lower = np.full(origin.shape, -np.inf)
    upper = np.full(origin.shape, np.inf)
    lower[:positive] = origin[:positive] - _REACH
    upper[:positive] = origin[:positive] + _REACH
    if floors is not None:
        lower[:positive] = np.log(np.maximum(np.exp(lower[:positive]), floors))
    return lower, upper
