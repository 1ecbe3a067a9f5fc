"""How well a predicted uplift sorts customers; definitions as scikit-uplift 0.5 has them."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from ..errors import InvalidDesignError, NotEnoughDataError
from ..model import Band
from .arrays import finite, zeros_and_ones
from .differences import mean_difference


def qini_curve(outcome: Any, uplift: Any, treatment: Any) -> tuple[Any, Any]:
    """
    Customers from the highest predicted uplift down, and the incremental outcome among them.

    Shapes (n,); *treatment* is 0 or 1. Equal predictions make one point. Returns two arrays that
    begin with 0.

    Source: N. J. Radcliffe 2007, "Using control groups to target on predicted lift", Direct
    Marketing Analytics Journal.
    """
    n, treated, y_treated, y_control = _cumulated(outcome, uplift, treatment)
    return n, y_treated - y_control * _over(treated, n - treated)


def uplift_curve(outcome: Any, uplift: Any, treatment: Any) -> tuple[Any, Any]:
    """As :func:`qini_curve`, with the difference of means among the first k, times k."""
    n, treated, y_treated, y_control = _cumulated(outcome, uplift, treatment)
    return n, (_over(y_treated, treated) - _over(y_control, n - treated)) * n


def qini_coefficient(outcome: Any, uplift: Any, treatment: Any) -> float:
    """
    Area between the Qini curve and chance, over that of the perfect order; *outcome* is 0 or 1.

    Raises:
        NotEnoughDataError: If no order could be better than another.
    """
    y, t = zeros_and_ones("outcome", outcome), zeros_and_ones("treatment", treatment)
    return _normalised(qini_curve(y, uplift, t), qini_curve(y, y * t - y * (1 - t), t))


def auuc(outcome: Any, uplift: Any, treatment: Any) -> float:
    """
    The same for the uplift curve.

    Raises:
        NotEnoughDataError: If no order could be better than another.
    """
    y, t = zeros_and_ones("outcome", outcome), zeros_and_ones("treatment", treatment)
    control_responders = ((y == 1) & (t == 0)).sum()
    treated_others = ((y == 0) & (t == 1)).sum()
    perfect = 2 * (y == t) + (y if control_responders > treated_others else t)
    return _normalised(uplift_curve(y, uplift, t), uplift_curve(y, perfect, t))


def uplift_at_k(outcome: Any, uplift: Any, treatment: Any, k: float, *, by_arm: bool) -> float:
    """
    Treated mean less control mean among the share *k* with the highest predicted uplift.

    Args:
        by_arm: Take the first *k* of each arm, rather than of all.

    Raises:
        InvalidDesignError: If *k* is not strictly between 0 and 1.
        NotEnoughDataError: If an arm is empty among them.
    """
    if not 0 < k < 1:
        raise InvalidDesignError("k", k, "a share strictly between 0 and 1")
    y, t = _ordered(outcome, uplift, treatment)
    if by_arm:
        parts = [y[t == arm] for arm in (1, 0)]
        first = [part[: ceil(len(part) * k)] for part in parts]
    else:
        size = ceil(len(y) * k)
        first = [y[:size][t[:size] == arm] for arm in (1, 0)]
    if not all(map(len, first)):
        raise NotEnoughDataError(f"an arm is empty among the first {k:.0%} of the customers")
    return float(first[0].mean() - first[1].mean())


def weighted_average_uplift(outcome: Any, uplift: Any, treatment: Any, bins: int = 10) -> float:
    """
    Mean of the measured uplift of *bins* equal slices, weighted by their treated customers.

    Raises:
        NotEnoughDataError: If an arm is empty in a slice.
    """
    y, t = _ordered(outcome, uplift, treatment)
    total = 0.0
    for y_part, t_part in zip(np.array_split(y, bins), np.array_split(t, bins), strict=True):
        treated = (t_part == 1).sum()
        if treated in (0, len(t_part)):
            raise NotEnoughDataError(f"an arm is empty in one of the {bins} slices")
        total += treated * (y_part[t_part == 1].mean() - y_part[t_part == 0].mean())
    return float(total / (t == 1).sum())


def bands(outcome: Any, uplift: Any, treatment: Any, bins: int = 10) -> tuple[Band, ...]:
    """Measured uplift with intervals by slice of predicted uplift, the highest first."""
    y, t = _ordered(outcome, uplift, treatment)
    predicted = np.sort(finite("uplift", uplift))[::-1]
    found = []
    for rank, rows in enumerate(np.array_split(np.arange(len(y)), bins), start=1):
        try:
            measured = mean_difference(y[rows][t[rows] == 1], y[rows][t[rows] == 0])
        except NotEnoughDataError:
            measured = None
        mean = float(predicted[rows].mean()) if len(rows) else 0.0
        found.append(Band(rank=rank, customers=len(rows), predicted=mean, measured=measured))
    return tuple(found)


def _ordered(outcome: Any, uplift: Any, treatment: Any) -> tuple[Any, Any]:
    y, score, t = (
        finite("outcome", outcome),
        finite("uplift", uplift),
        zeros_and_ones("treatment", treatment),
    )
    if not len(y) == len(score) == len(t):
        raise InvalidDesignError("lengths", (len(y), len(score), len(t)), "equal ones")
    if t.sum() in (0, len(t)):
        raise NotEnoughDataError("all customers are in one arm")
    order = np.argsort(score, kind="stable")[::-1]
    return y[order], t[order]


def _cumulated(outcome: Any, uplift: Any, treatment: Any) -> tuple[Any, Any, Any, Any]:
    y, t = _ordered(outcome, uplift, treatment)
    score = np.sort(np.asarray(uplift, dtype=float))[::-1]
    ends = np.r_[np.flatnonzero(score[1:] != score[:-1]), len(score) - 1]
    sums = (np.r_[0.0, np.cumsum(each)[ends]] for each in (t, y * t, y * (1 - t)))
    return (np.r_[0.0, ends + 1.0], *sums)


def _over(above: Any, below: Any) -> Any:
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


def _normalised(actual: tuple[Any, Any], perfect: tuple[Any, Any]) -> float:
    chance = actual[0][-1] * actual[1][-1] / 2
    room = np.trapezoid(perfect[1], perfect[0]) - chance
    if room == 0:
        raise NotEnoughDataError("no order of these customers could be better than chance")
    return float((np.trapezoid(actual[1], actual[0]) - chance) / room)
