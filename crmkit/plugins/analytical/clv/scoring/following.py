"""The customers of a book, followed from before a cut until after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from crmkit import Columns
from crmkit.plugins.foundation.scoring import TooThinError

from ..config import Settings
from .book import WEEK, read_histories
from .scorers import fit_p_alive
from .tracking import Tracking, track
from .written import read_model


def follow(before: Columns, days: Columns, settings: Settings, *, last_day: int) -> Tracking:
    """
    Args:
        before: The feature's columns at the cut.
        days: ``customer_id``, ``day`` and ``born`` of every day with an order, of these customers
            and others.
        last_day: The last one of *days* that can hold an order; a day is one since 1970.

    Returns: At the end of each whole week since the first of the customers was born.

    Raises:
        TooThinError: As :func:`fit_p_alive`, or if nobody had ordered before the cut.
    """
    if not len(before["customer_id"]):
        raise TooThinError("nobody had ordered before the cut")
    parameters: Mapping[str, Any] = fit_p_alive(before, settings)
    model = read_model(parameters["purchases"])
    is_theirs = np.isin(days["customer_id"], before["customer_id"])
    first = int(days["born"][is_theirs].min())
    again = is_theirs & (days["day"] > days["born"])
    ends = np.arange(1, (last_day - first) // int(WEEK) + 1)
    return track(model, read_histories(before), (days["day"][again] - first) / WEEK, ends)
