"""The grid of R and FM at an instant, and who moved between two of them. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crmkit import InvalidValueError, Scope, Unit
from crmkit.plugins.foundation.scoring import TooThinError, read_columns

from .config import Settings
from .features import features
from .model import Cell, Grid, Migration, Move
from .scoring import fit, levels_of, score


def grid(unit: Unit, *, as_of: datetime | None = None) -> Grid:
    """
    How many customers each cell of R and FM holds, and what they paid.

    Raises:
        TooThinError: If nobody had ordered by then, or amounts are in several currencies.
    """
    at = as_of or unit.now
    settings = unit.settings(Settings)
    columns = _columns(unit, at)
    r, f, m = levels_of(columns, fit(columns, settings))
    fm = (f + m + 1) // 2
    customers: Counter[tuple[int, int]] = Counter()
    paid: Counter[tuple[int, int]] = Counter()
    money = columns["monetary_minor"].tolist()
    for cell, minor in zip(zip(r.tolist(), fm.tolist(), strict=True), money, strict=True):
        customers[cell] += 1
        paid[cell] += minor
    cells = tuple(
        Cell(r=r, fm=fm, customers=count, monetary_minor=paid[r, fm])
        for (r, fm), count in sorted(customers.items())
    )
    return Grid(as_of=at, levels=settings.levels, cells=cells)


def migration(unit: Unit, *, since: datetime, until: datetime) -> Migration:
    """
    Who was in which named segment at two instants, by the cut points of the first: what moves is
    the customers, not the borders.

    Raises:
        InvalidValueError: If *until* does not come after *since*.
        TooThinError: If nobody had ordered by the first instant.
    """
    if until <= since:
        raise InvalidValueError("until", f"{until:%Y-%m-%d}", f"a day after {since:%Y-%m-%d}")
    before, after = _columns(unit, since), _columns(unit, until)
    parameters = fit(before, unit.settings(Settings))
    left, joined = (_labels(each, parameters) for each in (before, after))
    counted = Counter((left.get(each, ""), joined[each]) for each in joined)
    moves = [Move(left=a, joined=b, customers=n) for (a, b), n in sorted(counted.items())]
    return Migration(since=since, until=until, moves=tuple(moves))


def _columns(unit: Unit, at: datetime) -> Mapping[str, Any]:
    columns = read_columns(unit.connection, "rfm", features(Scope(as_of=at)))
    if not len(columns["customer_id"]):
        raise TooThinError(f"nobody had ordered before {at:%Y-%m-%d}")
    return columns


def _labels(columns: Mapping[str, Any], parameters: Mapping[str, object]) -> dict[int, str]:
    labels: Any = score(columns, parameters).labels
    return dict(zip(columns["customer_id"].tolist(), labels.tolist(), strict=True))
