"""Levels of recency, frequency and money from arrays. Knows no database and no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from crmkit import Columns, Scored

from .config import Settings
from .errors import MixedCurrenciesError
from .model import CELLS

VERSION: Final = "1"
GRID: Final = 5
"""Levels of the grid that the named segments are defined on."""
FIELDS: Final = ("recency_days", "frequency", "monetary_minor")
WEIGHTS: Final = (100, 10, 1)
DEFAULT: Final = Settings()


def fit(columns: Columns, settings: Settings = DEFAULT) -> Mapping[str, object]:
    """
    The cut points of each field: by default the 20, 40, 60 and 80 % quantiles of one value per
    customer.

    Quantiles are of type 7 (linear between the two nearest order statistics), so equal books give
    equal cut points.

    Raises:
        MixedCurrenciesError: If the purchases are in several currencies.
    """
    _refuse_mixed(columns)
    told = {
        "quantile": "type 7",
        "equal_width": "equal steps from least to most",
        "own": "as set in [rfm]",
    }[settings.rule]
    return {
        "rule": f"{told}; level = 1 + cut points strictly below; recency reversed",
        "levels": settings.levels,
        "cuts": {name: _cuts(columns[name], name, settings) for name in FIELDS},
    }


def _cuts(values: Any, name: str, settings: Settings) -> list[float]:
    import numpy as np

    if settings.rule == "own":
        return [float(each) for each in getattr(settings, name)]
    shares = np.arange(1, settings.levels) / settings.levels
    if settings.rule == "quantile":
        found: list[float] = np.quantile(values, shares).tolist()
        return found
    least, most = float(values.min()), float(values.max())
    return [least + share * (most - least) for share in shares.tolist()]


def score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    """
    R, F and M of each customer as the number RFM: 543 is R 5, F 4, M 3.

    A level is 1 plus the number of cut points strictly below the value, so equal values always get
    the same level; R counts down, because fewer days are better. The reasons are 100 R, 10 F and M.

    Raises:
        MixedCurrenciesError: If the purchases are in several currencies.
    """
    r, f, m = levels_of(columns, parameters)
    levels = cast("int", parameters["levels"])
    parts = [weight * level for weight, level in zip(WEIGHTS, (r, f, m), strict=True)]
    return Scored(
        value=sum(parts),
        labels=_names()[stretched(r, levels), stretched((f + m + 1) // 2, levels)],
        reasons=dict(zip(("recency", "frequency", "monetary"), parts, strict=True)),
    )


def levels_of(columns: Columns, parameters: Mapping[str, object]) -> tuple[Any, Any, Any]:
    """R, F and M of each customer, from 1, as three arrays."""
    import numpy as np

    _refuse_mixed(columns)
    cuts = cast("Mapping[str, Sequence[float]]", parameters["cuts"])
    below = [np.searchsorted(cuts[name], columns[name], side="left") for name in FIELDS]
    return cast("int", parameters["levels"]) - below[0], 1 + below[1], 1 + below[2]


def stretched(level: Any, levels: int) -> Any:
    """The level on the grid of five that stands where *level* of *levels* does."""
    return -(-level * GRID // levels)


def _names() -> Any:
    import numpy as np

    names = np.full((GRID + 1, GRID + 1), None)
    for cell, name in CELLS.items():
        names[cell] = name
    return names


def _refuse_mixed(columns: Columns) -> None:
    found = {each for each in columns["currencies"].tolist() if each is not None}
    if found:
        several = sorted({word for each in found for word in each.split(" and ")})
        raise MixedCurrenciesError(", ".join(several[:-1]) + f" and {several[-1]}")
