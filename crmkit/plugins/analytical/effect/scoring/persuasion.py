"""The score ``uplift``: what treating a customer is expected to add, learnt from an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from crmkit import Columns, Scored

from ..errors import NotEnoughDataError

FIELDS: Final = ("orders", "revenue_minor", "recency_days")
LEAST_IN_ARM: Final = 50
FARTHEST: Final = 3.0
"""Standard deviations from the mean of the experiment beyond which nothing is extrapolated."""


def fit(columns: Columns) -> Mapping[str, object]:
    """
    Least squares in each arm on standardised columns; the uplift is the difference of the two.

    Raises:
        NotEnoughDataError: If an arm has fewer than fifty customers, or nobody bought at all.

    Source: the T-learner of S. R. Kuenzel et al. 2019, PNAS 116; covariance after H. White 1980,
    Econometrica 48, in the form HC1.
    """
    arm = np.asarray(columns["arm"])
    sizes = {each: int((arm == each).sum()) for each in (1, 0)}
    if min(sizes.values()) < LEAST_IN_ARM:
        raise NotEnoughDataError(
            "no run with closed windows has 50 treated and 50 held-out customers to learn from"
        )
    y = np.asarray(columns["outcome_minor"], dtype=float)
    used = arm >= 0
    if not y[used].any():
        raise NotEnoughDataError("nobody of the last experiment bought within the window")
    x = np.column_stack([np.asarray(columns[f"then_{name}"], dtype=float) for name in FIELDS])
    mean, spread = x[used].mean(axis=0), x[used].std(axis=0)
    varies = spread > 1e-9 * np.maximum(np.abs(mean), 1.0)
    scale = np.where(varies, spread, 1.0)
    weights, covariance = np.zeros(1 + len(FIELDS)), np.zeros((1 + len(FIELDS),) * 2)
    treated = np.zeros(1 + len(FIELDS))
    keep = np.r_[True, varies]
    for which, sign in ((1, 1.0), (0, -1.0)):
        rows = arm == which
        design = np.c_[np.ones(rows.sum()), (x[rows] - mean) / scale][:, keep]
        beta, spread_of_beta = _least_squares(design, y[rows])
        weights[keep] += sign * beta
        treated[keep] += beta * (which == 1)
        covariance[np.ix_(keep, keep)] += spread_of_beta
    return {
        "mean": mean.tolist(),
        "scale": scale.tolist(),
        "weights": weights.tolist(),
        "response": treated.tolist(),
        "covariance": covariance.tolist(),
        "treated": sizes[1],
        "held_out": sizes[0],
    }


def score(columns: Columns, parameters: Mapping[str, Any]) -> Scored:
    """
    Expected incremental revenue of one offer within its window, in minor units.

    ``base`` is the effect on the average customer of the experiment; each reason is what a column
    of the customer's last year adds to that. Values beyond three standard deviations count as
    three.
    """
    z = _standard(columns, parameters)
    weights = np.asarray(parameters["weights"])
    parts = z * weights[1:]
    design = np.c_[np.ones(len(z)), z]
    error = np.sqrt(np.einsum("ij,jk,ik->i", design, np.asarray(parameters["covariance"]), design))
    value = weights[0] + parts.sum(axis=1)
    return Scored(
        value=value,
        low=value - 1.96 * error,
        high=value + 1.96 * error,
        base=float(weights[0]),
        reasons=dict(zip(FIELDS, parts.T, strict=True)),
    )


def response(columns: Columns, parameters: Mapping[str, Any]) -> Any:
    """
    Expected revenue of treated customers, in minor units: what a response model sorts by, which
    does not ask what they would have bought anyway.
    """
    weights = np.asarray(parameters["response"])
    return weights[0] + _standard(columns, parameters) @ weights[1:]


def _standard(columns: Columns, parameters: Mapping[str, Any]) -> Any:
    x = np.column_stack([np.asarray(columns[name], dtype=float) for name in FIELDS])
    return np.clip((x - parameters["mean"]) / parameters["scale"], -FARTHEST, FARTHEST)


def _least_squares(design: Any, y: Any) -> tuple[Any, Any]:
    bread = np.linalg.pinv(design.T @ design)
    beta = bread @ design.T @ y
    left = y - design @ beta
    n, p = design.shape
    meat = (design * (left**2)[:, None]).T @ design * (n / (n - p))
    return beta, bread @ meat @ bread
