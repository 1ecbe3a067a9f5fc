"""What the likelihood's curvature at the optimum says about the estimate."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from .search import Objective, Search
from .special import Array

_STEP = 1e-3
"""Wide: a narrow one would read curvature into the rounding of gradients on the boundary."""
_FLATTEST = 1 / 3.0**2
"""Least information on a free parameter: an error of a factor exp(3) either way."""
_SHARE = 0.1
"""A parameter is part of a flat direction from this share of its length."""


@attrs.frozen(eq=False)
class Evidence:
    """
    `covariance` of the free parameters, zero along undetermined directions; `errors` their
    standard errors, nan where undetermined.
    """

    covariance: Array
    errors: Array

    def note(self, labels: tuple[str, ...], grown: NDArray[np.bool_]) -> str:
        """In words, which parameters the data do not determine; empty if all are."""
        loose = np.isnan(self.errors)
        ways = [
            f"{label} {'grows' if up else 'shrinks'}"
            for label, bad, up in zip(labels, loose, grown, strict=True)
            if bad
        ]
        if not ways:
            return ""
        return (
            "the optimum lies on the boundary: the likelihood hardly changes as "
            + ", ".join(ways)
            + "; standard errors there are nan, predictions stay finite"
        )


def read_curvature(hessian: Array, search: Search, customers: float) -> Evidence:
    """
    Standard errors from the *hessian* of the objective, which is per customer.

    Directions in which the likelihood is flat count as known: the covariance is zero along them.
    """
    values, vectors = np.linalg.eigh(customers * hessian)
    firm = values > _FLATTEST
    covariance = (vectors[:, firm] / values[firm]) @ vectors[:, firm].T
    errors = np.sqrt(np.diag(covariance))
    errors[search.at_bound | (vectors[:, ~firm] ** 2 > _SHARE).any(axis=1)] = np.nan
    return Evidence(covariance, errors)


def hessian_of(objective: Objective, point: Array) -> Array:
    """Central differences of the analytic gradient, two evaluations per parameter."""
    differences = [
        objective(point + step)[1] - objective(point - step)[1]
        for step in np.eye(point.size) * _STEP
    ]
    hessian = np.array(differences) / (2 * _STEP)
    return 0.5 * (hessian + hessian.T)
