"""Expected against actual repeat purchases of a whole cohort over calendar time."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from ..errors import InvalidHistoryError
from .folding import fold_if_repeating
from .histories import Histories, check_range, numbers, refuse
from .predictions import PurchaseModel, expected_transactions_new
from .special import Array, weighted


@attrs.frozen(eq=False)
class Tracking:
    """
    Repeat purchases of the cohort up to each of `until`, in time since its first customer.

    `calibrated_until` is where the histories end: what comes later is holdout.
    """

    until: Array
    expected: Array
    actual: Array
    calibrated_until: float

    def expected_increments(self) -> Array:
        """Expected purchases since the time before, shape as `until`."""
        return np.diff(self.expected, prepend=0.0)

    def actual_increments(self) -> Array:
        """Actual purchases since the time before, shape as `until`."""
        return np.diff(self.actual, prepend=0.0)

    def holdout_deviation(self) -> float:
        """
        (expected - actual) / actual purchases of the holdout; 0 is perfect.

        Raises:
            InvalidHistoryError: If no purchase fell into the holdout.
        """
        start = np.searchsorted(self.until, self.calibrated_until, side="right") - 1
        actual = self.actual[-1] - self.actual[start]
        if start < 0 or not actual > 0:
            raise InvalidHistoryError("until", "without a purchase in the holdout", "later times")
        return float((self.expected[-1] - self.expected[start]) / actual - 1)


def track(
    model: PurchaseModel, histories: Histories, purchase_times: ArrayLike, until: ArrayLike
) -> Tracking:
    """
    Args:
        purchase_times: Every repeat purchase, holdout included, in time since the birth of the
            cohort's first customer, any order.
        until: Rising times at which to count, shape (m,).

    Returns: cumulative counts; a customer is born max(age) - age after the first.

    Raises:
        InvalidHistoryError: If a time is negative or not finite, or *until* does not rise.
    """
    times, ends = np.sort(numbers(purchase_times)), numbers(until)
    check_range("purchase_times", times)
    check_range("until", ends)
    refuse("until", ends, np.diff(ends, prepend=-1.0) <= 0, "rising times")
    last = float(histories.age.max())
    cohort = fold_if_repeating(histories.age)
    born = last - histories.age[cohort.first]
    lived = np.maximum(ends[:, None] - born, 0.0)
    new = expected_transactions_new(model, lived.ravel()).reshape(lived.shape)
    return Tracking(
        until=ends,
        expected=weighted(new, cohort.sums(histories.weights)),
        actual=np.searchsorted(times, ends, side="right").astype(np.float64),
        calibrated_until=last,
    )
