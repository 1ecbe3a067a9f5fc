"""A clock that stands until it is told to move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Call it for the instant; :meth:`move` it on. Starts at 2026-01-05 09:00 UTC, a Monday."""

    def __init__(self, now: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """``clock.move(days=1, minutes=30)``; arguments as of :class:`datetime.timedelta`."""
        self.now += timedelta(**by)
