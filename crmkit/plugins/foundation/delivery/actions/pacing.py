"""The limits per channel and domain, shared by all workers through their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from crmkit import Unit

from ..config import Settings
from ..model import Message
from ..pacing import Pace, limits
from ..tables import intent, pace


class Gate:
    """Lets through what the limits have room for; workers wait for each other at the rows."""

    def __init__(self, unit: Unit, channels: Iterable[str]) -> None:
        self._unit = unit
        wanted = set(channels)
        rates = unit.settings(Settings).rates
        self._paces = _locked(
            unit, {name: n for name, n in rates.items() if name.partition("@")[0] in wanted}
        )
        self._room = {name: each.room(unit.now) for name, each in self._paces.items()}

    def is_open(self) -> sa.ColumnElement[bool]:
        """The condition of an intent whose limits have any room."""
        full = [name for name, room in self._room.items() if not room]
        return sa.not_(sa.or_(sa.false(), *(_falls_under(name) for name in full)))

    def admit(self, messages: Sequence[Message]) -> list[Message]:
        """Those there is room for, first come first served; what they use up is written down."""
        before = dict(self._room)
        admitted = [each for each in messages if self._take(each)]
        for name, room in before.items():
            if used := room - self._room[name]:
                after = self._paces[name].after(used, self._unit.now)
                row = sa.update(pace).where(pace.c.name == name)
                self._unit.connection.execute(row.values(used_until=after.used_until))
        return admitted

    def _take(self, message: Message) -> bool:
        names = [n for n in limits(message.channel, message.address) if n in self._room]
        if not all(self._room[name] for name in names):
            return False
        for name in names:
            self._room[name] -= 1
        return True


def _falls_under(limit: str) -> sa.ColumnElement[bool]:
    channel, at, domain = limit.partition("@")
    its = intent.c.channel == channel
    return sa.and_(its, intent.c.address.iendswith(f"@{domain}", autoescape=True)) if at else its


def _locked(unit: Unit, rates: Mapping[str, int]) -> dict[str, Pace]:
    if not rates:
        return {}
    query = sa.select(pace.c.name, pace.c.used_until).where(pace.c.name.in_(list(rates)))
    stored = {row.name for row in unit.connection.execute(query)}
    for name in sorted(rates.keys() - stored):
        _begin(unit, name)
    rows = unit.connection.execute(query.order_by(pace.c.name).with_for_update())
    return {row.name: Pace(rates[row.name], row.used_until) for row in rows}


def _begin(unit: Unit, name: str) -> None:
    try:
        with unit.connection.begin_nested():
            unit.connection.execute(sa.insert(pace).values(name=name, used_until=None))
    except unit.integrity_error:  # another worker was first
        return
