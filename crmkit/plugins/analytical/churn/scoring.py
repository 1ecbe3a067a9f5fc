"""How long customers stay, from arrays. Knows no database and no clock."""

from __future__ import annotations

from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmkit import Scored

from .errors import InvalidDurationsError
from .model import Curve

Array: TypeAlias = NDArray[Any]
NORMAL_95 = 1.959963984540054


def kaplan_meier(durations: ArrayLike, ended: ArrayLike) -> Curve:
    """
    Share of customers who stay longer than each time at which somebody left.

    Args:
        durations: How long each was seen, shape (n,), >= 0, any unit.
        ended: 1 for who left then, 0 for who was still there when last seen.

    Raises:
        InvalidDurationsError: If a time or a label is none.

    Source: Kaplan & Meier 1958, "Nonparametric Estimation from Incomplete Observations", JASA 53;
    the variance by Greenwood 1926, the interval on the log-log scale (Kalbfleisch & Prentice 1980).
    """
    times, left = np.asarray(durations, np.float64), np.asarray(ended, np.float64)
    if times.shape != left.shape or times.ndim != 1:
        raise InvalidDurationsError(f"shapes {times.shape} and {left.shape}")
    if not (np.isfinite(times) & (times >= 0)).all() or not np.isin(left, (0.0, 1.0)).all():
        raise InvalidDurationsError("a time or a label that is none")
    at = np.unique(times[left == 1])
    ordered = np.sort(times)
    risk = len(times) - np.searchsorted(ordered, at, side="left")
    gone = np.bincount(np.searchsorted(at, times[left == 1]), minlength=len(at))
    hazard = gone / risk
    survival = np.cumprod(1 - hazard)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(gone / (risk * (risk - gone))))
        reach = NORMAL_95 * spread / np.abs(np.log(survival))
        low, high = survival ** np.exp(reach), survival ** np.exp(-reach)
    inside = (survival > 0) & (survival < 1)
    return Curve(
        times=tuple(at.tolist()),
        at_risk=tuple(risk.tolist()),
        ended=tuple(gone.tolist()),
        survival=tuple(survival.tolist()),
        low=tuple(np.where(inside, low, survival).tolist()),
        high=tuple(np.where(inside, high, survival).tolist()),
        hazard=tuple(hazard.tolist()),
    )


def risk_of(alive: Scored, at_risk: float, lost: float) -> Scored:
    """
    The chance that a customer is gone, from the chance that they are still one.

    The reasons are those of the latter, the other way round, so that they add up. Labels: ``safe``,
    ``at_risk``, ``lost``.
    """
    risk = 1 - np.asarray(alive.value)
    labels = np.where(risk >= lost, "lost", np.where(risk >= at_risk, "at_risk", "safe"))
    return attrs.evolve(
        alive,
        value=risk,
        low=None if alive.high is None else 1 - np.asarray(alive.high),
        high=None if alive.low is None else 1 - np.asarray(alive.low),
        labels=labels.astype(object),
        base=1 - alive.base,
        reasons={name: 0.0 - np.asarray(each) for name, each in alive.reasons.items()},
    )


def leaving(chance: Scored, runs: Array, at_risk: float) -> Scored:
    """
    The chance that a contract ends: of one that has ended already, nothing is left to happen, and
    its only reason, ``ended``, says so. Labels: ``staying``, ``at_risk``, ``ended``.
    """
    is_on = np.asarray(runs) == 1
    value = np.where(is_on, chance.value, 0.0)
    labels = np.where(value >= at_risk, "at_risk", "staying")
    reasons = {name: np.where(is_on, each, 0.0) for name, each in chance.reasons.items()}
    return attrs.evolve(
        chance,
        value=value,
        low=None if chance.low is None else np.where(is_on, chance.low, 0.0),
        high=None if chance.high is None else np.where(is_on, chance.high, 0.0),
        labels=np.where(is_on, labels, "ended").astype(object),
        reasons=reasons | {"ended": np.where(is_on, 0.0, -chance.base)},
    )
