"""What customers usually do, as items in words. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]
WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
QUARTERS: Final = ("at night", "in the morning", "in the afternoon", "in the evening")
SIZES: Final = ((2, "1 product"), (5, "2-4 products"), (10, "5-9 products"), (30, "10-29 products"))
LARGEST: Final = "30 products or more"
RETURNS: Final = "sends goods back"
FEWEST: Final = 2
"""Orders that make a habit of a weekday, an hour or a channel."""


def usual(rows: Array, codes: Array, orders: Array, count: int, kinds: int) -> Array:
    """
    The code that holds more than half of each customer's orders, of at least two; else -1.

    Args:
        rows, codes, orders: The customer, 0 to *count*; what they did, 0 to *kinds*; how often.

    Returns:
        Shape (count,).
    """
    done = np.bincount(rows * kinds + codes, weights=orders, minlength=count * kinds)
    table = done.reshape(count, kinds)
    total = table.sum(axis=1)
    if not kinds:
        return np.full(count, -1)
    is_habit = (total >= FEWEST) & (2 * table.max(axis=1) > total)
    found: Array = np.where(is_habit, table.argmax(axis=1), -1)
    return found


def in_words(template: str, codes: Array, words: Sequence[str]) -> list[str | None]:
    """*template* with each code's word in it; None where the code is -1."""
    told = [template.format(each) for each in words]
    return [told[code] if code >= 0 else None for code in codes.tolist()]


def basket(lines: Array, orders: Array) -> list[str | None]:
    """The usual size of a basket, from lines and orders of each customer; None without orders."""
    mean = np.divide(lines, orders, out=np.zeros(len(lines)), where=orders > 0)
    limits, words = [limit for limit, _ in SIZES], [word for _, word in SIZES] + [LARGEST]
    found = np.where(orders > 0, np.searchsorted(limits, mean, side="right"), -1)
    return in_words("baskets of {}", found, words)
