"""Quintile scores from arrays. Knows no database and no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from crmkit import Columns, Scored

from .errors import MixedCurrenciesError
from .model import CELLS

VERSION: Final = "1"
LEVELS: Final = 5
FIELDS: Final = ("recency_days", "frequency", "monetary_minor")
WEIGHTS: Final = (100, 10, 1)


def fit(columns: Columns) -> Mapping[str, object]:
    """
    The cut points: of each field the 20, 40, 60 and 80 % quantiles of one value per customer.

    Quantiles are of type 7 (linear between the two nearest order statistics), so equal books give
    equal cut points.

    Raises:
        MixedCurrenciesError: If the purchases are in several currencies.
    """
    import numpy as np

    _refuse_mixed(columns)
    shares = np.arange(1, LEVELS) / LEVELS
    return {
        "rule": "type 7; level = 1 + cut points strictly below; recency reversed",
        "cuts": {name: np.quantile(columns[name], shares).tolist() for name in FIELDS},
    }


def score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    """
    R, F and M of each customer, 1 to 5, as the number RFM: 543 is R 5, F 4, M 3.

    A level is 1 plus the number of cut points strictly below the value, so equal values always get
    the same level; R counts down, because fewer days are better. The reasons are 100 R, 10 F and M.

    Raises:
        MixedCurrenciesError: If the purchases are in several currencies.
    """
    import numpy as np

    _refuse_mixed(columns)
    cuts = cast("Mapping[str, Sequence[float]]", parameters["cuts"])
    below = [np.searchsorted(cuts[name], columns[name], side="left") for name in FIELDS]
    r, f, m = LEVELS - below[0], 1 + below[1], 1 + below[2]
    parts = [weight * level for weight, level in zip(WEIGHTS, (r, f, m), strict=True)]
    return Scored(
        value=sum(parts),
        labels=_names()[r, (f + m + 1) // 2],
        reasons=dict(zip(("recency", "frequency", "monetary"), parts, strict=True)),
    )


def _names() -> Any:
    import numpy as np

    names = np.full((LEVELS + 1, LEVELS + 1), None)
    for cell, name in CELLS.items():
        names[cell] = name
    return names


def _refuse_mixed(columns: Columns) -> None:
    found = {each for each in columns["currencies"].tolist() if each is not None}
    if found:
        several = sorted({word for each in found for word in each.split(" and ")})
        raise MixedCurrenciesError(", ".join(several[:-1]) + f" and {several[-1]}")
