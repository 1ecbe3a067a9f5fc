"""
Discounting in continuous time.

A purchase at time t from now is worth exp(-delta t); delta is per unit of time of the histories.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log1p
from typing import TypeAlias

import numpy as np

from ..errors import NotDefinedError
from .quadrature import graded_nodes
from .special import Array

Curve: TypeAlias = Callable[[float], Array]
"""Expected purchases of each customer up to a time from now."""

FADED = 40.0
"""At delta t = 40 a purchase is worth 4e-18 of its price: the end of an infinite horizon."""


def continuous_rate(share: float, units: float) -> float:
    """
    The delta that amounts to *share* (.15 for 15 %) over *units* units of time.

    With histories in weeks, 15 % a year is `continuous_rate(.15, 52)`.
    """
    return log1p(share) / units


def check_discount(delta: float, horizon: float) -> None:
    """
    Raises:
        NotDefinedError: If a value is negative or nan, or nothing bounds the sum.
    """
    if not (0 <= delta < inf):
        raise NotDefinedError(f"delta is {delta:g}; accepted: finite numbers >= 0")
    if not horizon >= 0:
        raise NotDefinedError(f"horizon is {horizon:g}; accepted: numbers >= 0, or inf")
    if delta == 0 and horizon == inf:
        raise NotDefinedError("delta is 0 with an infinite horizon; accepted: delta > 0")


def discounted_total(curve: Curve, delta: float, horizon: float, scale: float) -> Array:
    """
    Integral of exp(-delta t) over the increments of *curve* within *horizon*, by parts.

    Args:
        scale: The curve, continued to negative times, is smooth down to -*scale*.
    """
    end = min(horizon, FADED / delta) if delta > 0 else horizon
    total = exp(-delta * end) * curve(end)
    if delta > 0:
        times, weights = graded_nodes(np.array([end]), np.array([scale]))
        for time, weight in zip(times[:, 0].tolist(), weights[:, 0].tolist(), strict=True):
            total += delta * weight * exp(-delta * time) * curve(time)
    return total
