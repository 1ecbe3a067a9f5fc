"""How well a predicted uplift sorts customers; definitions as scikit-uplift 0.5 has them."""

from __future__ import annotations

from math import ceil
from typing import Any, Final, TypeAlias

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
    return _qini(Ranking(uplift, outcome, treatment).sums())


def uplift_curve(outcome: Any, uplift: Any, treatment: Any) -> tuple[Any, Any]:
    """As :func:`qini_curve`, with the difference of means among the first k, times k."""
    return _uplift(Ranking(uplift, outcome, treatment).sums())


def qini_coefficient(outcome: Any, uplift: Any, treatment: Any) -> float:
    """
    Area between the Qini curve and chance, over that of the perfect order; *outcome* is 0 or 1.

    Raises:
        NotEnoughDataError: If no order could be better than another.
    """
    return Ranking(uplift, zeros_and_ones("outcome", outcome), treatment).qini()


def auuc(outcome: Any, uplift: Any, treatment: Any) -> float:
    """
    The same for the uplift curve.

    Raises:
        NotEnoughDataError: If no order could be better than another.
    """
    return Ranking(uplift, zeros_and_ones("outcome", outcome), treatment).auuc()


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
    y, score, t = _checked(outcome, uplift, treatment)
    order = np.argsort(score, kind="stable")[::-1]
    return y[order], t[order]


def _checked(outcome: Any, uplift: Any, treatment: Any) -> tuple[Any, Any, Any]:
    y, score, t = (
        finite("outcome", outcome),
        finite("uplift", uplift),
        zeros_and_ones("treatment", treatment),
    )
    if not len(y) == len(score) == len(t):
        raise InvalidDesignError("lengths", (len(y), len(score), len(t)), "equal ones")
    if t.sum() in (0, len(t)):
        raise NotEnoughDataError("all customers are in one arm")
    return y, score, t


class Ranking:
    """
    Customers sorted once by predicted uplift, to be added up with any weights.

    Only the ends of groups that are predicted alike count, so that their order within is nothing.
    """

    def __init__(self, uplift: Any, outcome: Any, treatment: Any) -> None:
        y, score, t = _checked(outcome, uplift, treatment)
        self._order = np.argsort(score)[::-1]
        sorted_scores = score[self._order]
        alike = np.flatnonzero(sorted_scores[1:] != sorted_scores[:-1])
        self._ends = np.append(alike, len(score) - 1)
        t_first, y_first = t[self._order], y[self._order]
        self._summands = (t_first, y_first * t_first, y_first * (1 - t_first))
        self._kind = 2 * (y > 0) + t.astype(np.intp)

    def sums(self, weights: Any = None) -> Sums:
        """Added up from the highest down; *weights* in the order that was given, shape (n,)."""
        if weights is None:
            return (np.append(0.0, self._ends + 1.0), *map(self._added, self._summands))
        first = weights[self._order]
        return (self._added(first), *(self._added(first * each) for each in self._summands))

    def _added(self, summand: Any) -> Any:
        return np.append(0.0, np.cumsum(summand)[self._ends])

    def qini(self, weights: Any = None) -> float:
        """Of outcomes of 0 and 1; see :func:`qini_coefficient`."""
        return self._qini(self.sums(weights), weights)

    def auuc(self, weights: Any = None) -> float:
        """Of outcomes of 0 and 1; see :func:`auuc`."""
        return self._auuc(self.sums(weights), weights)

    def coefficients(self, weights: Any = None) -> tuple[float, float]:
        """Both, for the price of adding up once."""
        sums = self.sums(weights)
        return self._qini(sums, weights), self._auuc(sums, weights)

    def _qini(self, sums: Sums, weights: Any) -> float:
        return _normalised(_qini(sums), _qini(_of_kinds(self._sizes(weights), _BEST_QINI)))

    def _auuc(self, sums: Sums, weights: Any) -> float:
        sizes = self._sizes(weights)
        _, treated_others, control_responders, _ = sizes
        best = _BEST_UPLIFT[bool(control_responders > treated_others)]
        return _normalised(_uplift(sums), _uplift(_of_kinds(sizes, best)))

    def _sizes(self, weights: Any) -> Any:
        """Customers by kind: first those without an outcome, in each the held out first."""
        return np.bincount(self._kind, weights, minlength=4).astype(float)

    def gain(self, weights: Any = None) -> float:
        """
        Area between the Qini curve and chance, by the square of the customers: what treating by
        this order adds to each customer's outcome beyond a random order, on average over how many
        are treated.
        """
        n, made = _qini(self.sums(weights))
        return float((np.trapezoid(made, n) - n[-1] * made[-1] / 2) / n[-1] ** 2)


Sums: TypeAlias = tuple[Any, Any, Any, Any]
"""Customers, treated customers, outcome of the treated, outcome of the others; from 0 on."""
_OUTCOME, _ARM = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
_BEST_QINI: Final = _OUTCOME * (2 * _ARM - 1)
_BEST_UPLIFT: Final = {
    True: 2.0 * (_OUTCOME == _ARM) + _OUTCOME,
    False: 2.0 * (_OUTCOME == _ARM) + _ARM,
}
"""The best order of the four kinds of customers, by whether more of the held out bought than of
the treated did not."""


def _of_kinds(size: Any, rank: Any) -> Sums:
    order = np.argsort(-rank, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(rank[order])), 3)
    summands = (size, size * _ARM, size * _ARM * _OUTCOME, size * (1 - _ARM) * _OUTCOME)
    n, treated, y_treated, y_control = (
        np.append(0.0, np.cumsum(each[order])[ends]) for each in summands
    )
    return n, treated, y_treated, y_control


def _qini(sums: Sums) -> tuple[Any, Any]:
    n, treated, y_treated, y_control = sums
    return n, y_treated - y_control * _over(treated, n - treated)


def _uplift(sums: Sums) -> tuple[Any, Any]:
    n, treated, y_treated, y_control = sums
    return n, (_over(y_treated, treated) - _over(y_control, n - treated)) * n


def _over(above: Any, below: Any) -> Any:
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


def _normalised(actual: tuple[Any, Any], perfect: tuple[Any, Any]) -> float:
    chance = actual[0][-1] * actual[1][-1] / 2
    room = np.trapezoid(perfect[1], perfect[0]) - chance
    if room == 0:
        raise NotEnoughDataError("no order of these customers could be better than chance")
    return float((np.trapezoid(actual[1], actual[0]) - chance) / room)
