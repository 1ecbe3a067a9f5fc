"""Numbers without gaps: given in the transaction that uses them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import insert_many, take_turns

from ..config import Settings
from ..errors import OutOfOrderError
from ..tables import billing_series


def take(unit: Unit, kind: str, days: Sequence[date]) -> list[str]:
    """
    The next number for each of *days*, in their order.

    Who asks for the same series waits until this transaction ends; if it is rolled back, the
    numbers are given again.

    Raises:
        OutOfOrderError: If a day lies before the last one of its series.
    """
    form = unit.settings(Settings).number_form(kind)
    by_year = "{year}" in form
    found: dict[int, str] = {}
    take_turns(unit.connection, f"billing_series {kind}")
    for series in sorted({f"{kind} {day.year}" if by_year else kind for day in days}):
        places = [
            place
            for place, day in enumerate(days)
            if series == (f"{kind} {day.year}" if by_year else kind)
        ]
        places.sort(key=lambda place: days[place])
        first = _count_on(unit, series, [days[each] for each in places])
        for number, place in enumerate(places, first):
            found[place] = form.format(number=number, year=days[place].year)
    return [found[place] for place in range(len(days))]


def _count_on(unit: Unit, series: str, days: Sequence[date]) -> int:
    theirs = billing_series.c
    stored = unit.connection.execute(
        sa.select(theirs.taken, theirs.last_day).where(theirs.name == series)
    ).first()
    earliest, latest = days[0].isoformat(), days[-1].isoformat()
    if stored is None:
        insert_many(unit.connection, billing_series, [(series, len(days), latest)])
        return 1
    taken, last_day = stored
    if earliest < last_day:
        raise OutOfOrderError(series, earliest, last_day)
    further = sa.update(billing_series).where(theirs.name == series)
    unit.connection.execute(further.values(taken=taken + len(days), last_day=latest))
    return int(taken) + 1
