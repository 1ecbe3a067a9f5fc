"""Quiet hours by the recipient's own clock, over changes of summer time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from .model import QuietHours

_TRIES = 50


def is_quiet(quiet: QuietHours, time_zone: str, at: datetime) -> bool:
    """Whether *at* is quiet in *time_zone*, or anywhere a customer without one may be."""
    return any(_is_quiet_in(quiet, zone, at) for zone in _zones(quiet, time_zone))


def next_allowed(quiet: QuietHours, time_zone: str, at: datetime) -> datetime:
    """*at*, or the end of the quiet hours it falls into; *at* if there is no such moment."""
    candidate = at
    for _ in range(_TRIES):
        ends = [
            _end(quiet, zone, candidate)
            for zone in _zones(quiet, time_zone)
            if _is_quiet_in(quiet, zone, candidate)
        ]
        if not ends:
            return candidate
        candidate = max(ends)
    return at


def _zones(quiet: QuietHours, time_zone: str) -> Sequence[str]:
    return (time_zone,) if time_zone else quiet.unknown_zone


def _is_quiet_in(quiet: QuietHours, zone: str, at: datetime) -> bool:
    clock = at.astimezone(ZoneInfo(zone)).time()
    if quiet.since < quiet.until:
        return quiet.since <= clock < quiet.until
    return clock >= quiet.since or clock < quiet.until


def _end(quiet: QuietHours, zone: str, at: datetime) -> datetime:
    """
    The next instant after *at* that the clocks of *zone* show the end of the quiet hours.

    An end that summer time skips is as much later as the clocks jumped.
    """
    local = at.astimezone(ZoneInfo(zone))
    days = (local.date(), local.date() + timedelta(days=1))
    ends = [
        datetime.combine(day, quiet.until, ZoneInfo(zone)).replace(fold=fold).astimezone(UTC)
        for day in days
        for fold in (0, 1)
    ]
    return next(end for end in ends if end > at)
