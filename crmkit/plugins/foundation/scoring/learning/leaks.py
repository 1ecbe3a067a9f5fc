"""Columns that are known only after the event, and would foretell it all too well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from ..accuracy import area_under_curve
from ..errors import LeakError

IMPLAUSIBLE: Final = 0.8
"""Area under the curve of a single column, either way round, above which it is suspected."""
AHEAD: Final = 0.05
"""By how much it must beat the next best column to be taken for a leak."""


def refuse_declared(known_after: Mapping[str, bool]) -> None:
    """
    Raises:
        LeakError: If a column says of itself that it is known only after the event.
    """
    for name, is_after in known_after.items():
        if is_after:
            raise LeakError(name, "is declared as known only after the event")


def refuse_late(known_at: Mapping[str, datetime], event_at: datetime) -> None:
    """
    Raises:
        LeakError: If a column was written at or after the event.
    """
    for name, at in known_at.items():
        if at >= event_at:
            told = f"was written at {at:%Y-%m-%d %H:%M}, not before {event_at:%Y-%m-%d %H:%M}"
            raise LeakError(name, told)


def strength(columns: Mapping[str, Any], happened: ArrayLike) -> dict[str, float]:
    """
    How well each column alone tells the two apart: the area under the curve, the better way round;
    of words by the share that it happened to with that word.
    """
    y = np.asarray(happened, np.float64)
    found = {}
    for name, column in columns.items():
        given = np.asarray(column)
        if given.dtype == np.object_:
            _, place = np.unique(given.astype(str), return_inverse=True)
            given = (np.bincount(place, y) / np.bincount(place))[place]
        area = area_under_curve(given, y)
        found[name] = max(area, 1 - area)
    return found


def suspects(columns: Mapping[str, Any], happened: ArrayLike) -> list[str]:
    """Columns that alone do implausibly well, and much better than any other."""
    ranked = sorted(strength(columns, happened).items(), key=lambda each: -each[1])
    found = []
    for (name, best), (_, second) in zip(ranked, [*ranked[1:], ("", 0.5)], strict=True):
        if best < IMPLAUSIBLE or best - second < AHEAD:
            break
        found.append(name)
    return found


def refuse_implausible(columns: Mapping[str, Any], happened: ArrayLike) -> None:
    """
    Raises:
        LeakError: If a single column does implausibly well.
    """
    for name in suspects(columns, happened):
        area = strength({name: columns[name]}, happened)[name]
        raise LeakError(name, f"alone tells the two apart with an area of {area:.3f}")
