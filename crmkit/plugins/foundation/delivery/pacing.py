"""How many messages a limit lets through now."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import floor

import attrs


@attrs.frozen
class Pace:
    """
    A limit on messages a minute, and how much of it is used up.

    After a silence a tenth of the limit may go at once; then they follow evenly, so that no
    minute whatever holds more than *per_minute*.

    Source: the generic cell rate algorithm, in its virtual-scheduling form (ITU-T I.371).

    Attributes:
        per_minute: At least 1.
        used_until: The theoretical arrival time; None before the first message.
    """

    per_minute: int
    used_until: datetime | None = None

    @property
    def _at_once(self) -> int:
        return max(1, self.per_minute // 10)

    @property
    def _interval(self) -> timedelta:
        return timedelta(minutes=1) / (self.per_minute - self._at_once + 1)

    def room(self, now: datetime) -> int:
        """How many may go now."""
        used = max(self.used_until or now, now) - now
        free = (self._at_once - 1) * self._interval - used
        return max(0, floor(free / self._interval) + 1)

    def after(self, count: int, now: datetime) -> Pace:
        """The pace once *count* went."""
        start = max(self.used_until or now, now)
        return attrs.evolve(self, used_until=start + count * self._interval)


def limits(channel: str, address: str) -> tuple[str, ...]:
    """The names of the limits a message falls under: ``email`` and ``email@example.com``."""
    _, at, domain = address.rpartition("@")
    return (channel, f"{channel}@{domain.casefold()}") if at else (channel,)
