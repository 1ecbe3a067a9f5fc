"""Customer lifetime value: discounted purchases ahead, times spend, times margin."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import attrs
import numpy as np
from numpy.typing import ArrayLike

from ..errors import NotDefinedError
from ..model import GammaGamma
from .folding import distinct_rows
from .gammagamma import expected_spend
from .histories import Histories
from .likelihood import M, as_free
from .predictions import PurchaseModel, discounted_transactions
from .special import Array, ndtri

_STEP = 1e-4


@attrs.frozen(kw_only=True)
class Terms:
    """
    How purchases ahead are valued.

    `delta` is the continuous discount rate per unit of time of the histories; `horizon` the time
    from now after which purchases do not count; `margin` the share of spend that is kept;
    `level` the coverage of the interval, in (0, 1).
    """

    delta: float
    horizon: float = inf
    margin: float = 1.0
    level: float = 0.95

    def __attrs_post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise NotDefinedError(f"level is {self.level:g}; accepted: numbers in (0, 1)")
        if not 0 < self.margin < inf:
            raise NotDefinedError(f"margin is {self.margin:g}; accepted: finite numbers > 0")


@attrs.frozen(eq=False)
class LifetimeValue:
    """
    `value` of each customer in money, shape (n,), and the interval [`low`, `high`].

    The interval covers the uncertainty of the two models' parameters in the *expected* value, by
    the delta method on its logarithm. What one customer will really spend varies far more.
    """

    value: Array
    low: Array
    high: Array


def lifetime_value(
    purchases: PurchaseModel,
    spend: GammaGamma,
    histories: Histories,
    monetary: ArrayLike,
    terms: Terms,
) -> LifetimeValue:
    """
    Args:
        monetary: Mean value of each customer's repeat purchases, shape (n,), > 0 where frequency
            is.

    Raises:
        InvalidHistoryError: If *monetary* is out of range.
        NotDefinedError: As `discounted_transactions`, or if a model lacks its covariance.
    """
    rows = distinct_rows(histories)
    few = histories.rows(rows.first)

    def ahead(model: PurchaseModel) -> Array:
        return discounted_transactions(model, few, delta=terms.delta, horizon=terms.horizon)

    def each(model: GammaGamma) -> Array:
        return expected_spend(model, histories.frequency, monetary)

    value = terms.margin * ahead(purchases)[rows.group] * each(spend)
    variance = log_variance(purchases, ahead)[rows.group] + log_variance(spend, each)
    factor = np.exp(float(ndtri(0.5 + terms.level / 2)) * np.sqrt(variance))
    return LifetimeValue(value, value / factor, value * factor)


def log_variance(model: M, predict: Callable[[M], Array]) -> Array:
    """
    Variance of the logarithm of a prediction, from the covariance of the free parameters.

    Raises:
        NotDefinedError: If the model was not fitted.
    """
    if not model.covariance:
        raise NotDefinedError("the model has no covariance: an interval needs a fitted model")
    middle = np.maximum(predict(model), np.finfo(np.float64).tiny)
    slopes = []
    for step in np.eye(len(model.free())) * _STEP:
        above, below = (
            predict(model.at(as_free(np.array(model.free()) + way))) for way in (step, -step)
        )
        slopes.append((above - below) / (2 * _STEP) / middle)
    slope = np.array(slopes)
    variance: Array = np.einsum("in,ij,jn->n", slope, np.array(model.covariance), slope)
    return np.maximum(variance, 0.0)
