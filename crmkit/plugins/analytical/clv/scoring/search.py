"""
Minimisation of a smooth function of few bounded variables: BFGS with projection onto the bounds.

With two to ten variables the whole inverse Hessian is cheaper than a limited memory of it, and
nothing here is large enough for LAPACK: on a busy machine its threads were measured to stretch
the same search with SciPy's L-BFGS-B from 2 to 90 milliseconds.

Source: Nocedal & Wright 2006, "Numerical Optimization", ch. 6 and 16.7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from .special import Array

Objective: TypeAlias = Callable[[Array], tuple[float, Array]]
"""Minus the log-likelihood per customer, and its gradient, at free parameters."""

_STEEPEST = 1e-7
_SETTLED = 1e-4
"""A gradient so small ends a search that the last digits of the objective would not let end."""
_NEAR = 0.05
"""From a gradient this small on, one look at the whole Hessian pays."""
_LEAST_CURVED = 1e-3
_GAIN = 1e-14
_STALLS = 2
_LONGEST = 2.0
_ROUNDS = 500
_EDGE = 1e-6


@attrs.frozen(eq=False)
class Search:
    """Where a minimisation ended, the objective there, and the inverse Hessian it went by."""

    point: Array
    value: float
    gradient: Array
    inverse: Array | None
    at_bound: NDArray[np.bool_]
    converged: bool


@attrs.frozen(eq=False)
class _Place:
    """A point with the objective's value and gradient."""

    point: Array
    value: float
    gradient: Array


def minimise(
    objective: Objective, first: Array, bounds: tuple[Array, Array], inverse: Array | None = None
) -> Search:
    """Search from *first* within *bounds*, with an *inverse* Hessian known from elsewhere."""
    start = np.clip(first, *bounds)
    here, measured = _Place(start, *objective(start)), inverse is not None
    stalls = 0
    for _ in range(_ROUNDS):
        free = _free(here, bounds)
        steepest = np.abs(here.gradient[free]).max(initial=0.0)
        if steepest < _STEEPEST:
            break
        if steepest < _NEAR and not measured:
            inverse, measured = _measured_inverse(objective, here), True
        there = _line_search(objective, here, _direction(here, free, inverse), bounds)
        if there is None and inverse is None:
            break
        if there is None:
            inverse = None
            continue
        inverse = _updated(inverse, there.point - here.point, there.gradient - here.gradient)
        stalled = here.value - there.value <= _GAIN * max(abs(here.value), 1.0)
        stalls = stalls + 1 if stalled else 0
        here = there
        if stalls > _STALLS:
            break
    lower, upper = bounds
    at_bound = (here.point <= lower + _EDGE) | (here.point >= upper - _EDGE)
    settled = bool(np.abs(here.gradient[~at_bound]).max(initial=0.0) < _SETTLED)
    return Search(here.point, here.value, here.gradient, inverse, at_bound, settled)


def _measured_inverse(objective: Objective, here: _Place) -> Array:
    step = 1e-4
    turned = [objective(here.point + way)[1] for way in np.eye(here.point.size) * step]
    hessian = (np.array(turned) - here.gradient) / step
    values, vectors = np.linalg.eigh(0.5 * (hessian + hessian.T))
    inverse: Array = (vectors / np.maximum(values, _LEAST_CURVED)) @ vectors.T
    return inverse


def _free(here: _Place, bounds: tuple[Array, Array]) -> NDArray[np.bool_]:
    """Which variables may still move downhill."""
    lower, upper = bounds
    held = (here.point <= lower) & (here.gradient > 0)
    held |= (here.point >= upper) & (here.gradient < 0)
    return ~held


def _direction(here: _Place, free: NDArray[np.bool_], inverse: Array | None) -> Array:
    slope = np.where(free, here.gradient, 0.0)
    if inverse is None:
        return -slope / max(float(np.abs(slope).max()), 1.0)
    step = np.where(free, -(_among(inverse, free) @ slope), 0.0)
    longest = float(np.abs(step).max())
    return step * (_LONGEST / longest) if longest > _LONGEST else step


def _among(inverse: Array, free: NDArray[np.bool_]) -> Array:
    """The inverse Hessian of the free variables, the others held, in the full shape."""
    if free.all():
        return inverse
    across = inverse[:, ~free]
    among: Array = inverse - across @ np.linalg.solve(inverse[np.ix_(~free, ~free)], across.T)
    return among


def _line_search(
    objective: Objective, here: _Place, step: Array, bounds: tuple[Array, Array]
) -> _Place | None:
    """A sufficiently lower place along *step*, bent at the bounds; None if there is none."""
    share = 1.0
    for _ in range(20):
        point = np.clip(here.point + share * step, *bounds)
        there = _Place(point, *objective(point))
        promised = float(here.gradient @ (point - here.point))
        rise = there.value - here.value
        if promised < 0 and rise <= 1e-4 * promised:
            return there
        bend = 2 * (rise - promised)
        share *= min(max(-promised / bend, 0.1), 0.5) if bend > 0 else 0.5
    return None


def _updated(inverse: Array | None, moved: Array, turned: Array) -> Array | None:
    """The BFGS update; unchanged where the curvature along the move was not positive."""
    along = float(moved @ turned)
    if along <= 1e-12 * float(np.abs(moved).max() * np.abs(turned).max()):
        return inverse
    if inverse is None:
        inverse = np.eye(moved.size) * (along / float(turned @ turned))
    pulled = inverse @ turned
    stretch = (1 + float(turned @ pulled) / along) / along
    cross = np.outer(pulled, moved) / along
    updated: Array = inverse + stretch * np.outer(moved, moved) - cross - cross.T
    return updated
