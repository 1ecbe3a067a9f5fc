"""
Business time: when somebody works, and what that makes of an amount of time. No unit, no clock.

An instant is open if the wall clock at its place shows open hours of the day it shows. So a night
shift is an hour shorter, or longer, when the clocks change, and hours that do not exist, or come
twice, count as often as they pass.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from crmkit import InvalidValueError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MICROSECOND: Final = timedelta(microseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
FURTHEST: Final = 3_660
"""Days that are looked through for open hours before giving up."""
Span = tuple[int, int]
"""Half-open, in minutes of a day or microseconds since 1970."""


def spans(text: str) -> tuple[Span, ...]:
    """
    ``"09:00-12:00, 13:00-17:30"`` in minutes of the day; an empty text is closed.

    Raises:
        InvalidValueError: If it is not written so, or spans overlap.
    """
    accepted = "hours such as '09:00-12:00, 13:00-17:30', 24:00 for midnight, or '' for closed"
    found = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        first, dash, last = part.partition("-")
        begin, end = _minutes(first.strip()), _minutes(last.strip())
        if not dash or begin is None or end is None or begin >= end:
            raise InvalidValueError("hours", text, accepted)
        found.append((begin, end))
    found.sort()
    if any(one[1] > other[0] for one, other in pairwise(found)):
        raise InvalidValueError("hours", text, "hours that do not overlap")
    return tuple(found)


def _minutes(text: str) -> int | None:
    hours, colon, minutes = text.partition(":")
    if not (colon and len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()):
        return None
    total = int(hours) * 60 + int(minutes)
    return total if int(minutes) < 60 and total <= 24 * 60 else None


@attrs.frozen
class Calendar:
    """
    When somebody works.

    Attributes:
        week: The open spans of Monday to Sunday.
        exceptions: Days with other hours than their weekday: holidays with none.
    """

    name: str
    time_zone: str
    week: tuple[tuple[Span, ...], ...]
    exceptions: Mapping[date, tuple[Span, ...]] = attrs.field(factory=dict, hash=False)

    def open_on(self, day: date) -> tuple[Span, ...]:
        """Minutes of that day on the wall clock."""
        return self.exceptions.get(day, self.week[day.weekday()])

    def opened(self, first: date, last: date) -> Iterator[Span]:
        """Open spans in microseconds since 1970, of the days from *first* to *last* there."""
        zone = ZoneInfo(self.time_zone)
        day = first
        while day <= last:
            hours = self.open_on(day)
            if hours:
                for begin, end, offset in _passages(zone, day):
                    for opens, closes in hours:
                        local = _micros(datetime.combine(day, time(), UTC)) - offset
                        piece = (
                            max(begin, local + opens * 60_000_000),
                            min(end, local + closes * 60_000_000),
                        )
                        if piece[0] < piece[1]:
                            yield piece
            day += DAY


def _micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


@lru_cache(maxsize=4096)
def _passages(zone: ZoneInfo, day: date) -> tuple[tuple[int, int, int], ...]:
    """The instants of a day there, cut where the clocks change: begin, end, offset."""
    begin = _first_instant(zone, day)
    end = _first_instant(zone, day + DAY)
    before, after = _offset(zone, begin), _offset(zone, end - 1)
    if before == after:
        return ((begin, end, before),)
    change = _change(zone, begin, end - 1, before)
    return ((begin, change, before), (change, end, after))


def _first_instant(zone: ZoneInfo, day: date) -> int:
    """Of a day; where midnight does not exist, or comes twice, the first instant of the day."""
    midnight = datetime.combine(day, time())
    guess = _micros(midnight.replace(tzinfo=zone, fold=0).astimezone(UTC))
    if _wall(zone, guess) == midnight:
        return guess
    earlier = guess - 7_200_000_000
    return _change(zone, earlier, guess, _offset(zone, earlier))


def _wall(zone: ZoneInfo, micros: int) -> datetime:
    return (EPOCH + timedelta(microseconds=micros)).astimezone(zone).replace(tzinfo=None)


def _offset(zone: ZoneInfo, micros: int) -> int:
    found = (EPOCH + timedelta(microseconds=micros)).astimezone(zone).utcoffset()
    assert found is not None
    return found // MICROSECOND


def _change(zone: ZoneInfo, low: int, high: int, before: int) -> int:
    """The first microsecond after *low* at which the offset is no longer *before*."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


class Hours:
    """
    A calendar unrolled over some days, so that a million questions are a million bisections.

    Grows when a question lies outside of what it has unrolled.
    """

    def __init__(self, calendar: Calendar, first: date, last: date) -> None:
        self.calendar = calendar
        self._unroll(first, last)

    def _unroll(self, first: date, last: date) -> None:
        self._first, self._last = first, last
        found = list(self.calendar.opened(first - DAY, last + DAY))
        self._begins = [begin for begin, _ in found]
        self._ends = [end for _, end in found]
        self._before = [0]
        for begin, end in found:
            self._before.append(self._before[-1] + end - begin)

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Open time from *since* to *until*; nothing if *until* is not later."""
        if until <= since:
            return timedelta(0)
        self._cover(since.date(), until.date())
        passed = self._passed(_micros(until)) - self._passed(_micros(since))
        return timedelta(microseconds=passed)

    def after(self, since: datetime, amount: timedelta) -> datetime | None:
        """
        The first instant by which *amount* of open time has passed since *since*; None if that is
        not within ten years.
        """
        self._cover(since.date(), since.date())
        begun = self._passed(_micros(since))
        wanted = begun + amount // MICROSECOND
        if amount <= timedelta(0):
            return since
        while self._before[-1] < wanted:
            if (self._last - since.date()).days > FURTHEST:
                return None
            self._unroll(self._first, self._last + (self._last - self._first + DAY) * 2)
        place = bisect_left(self._before, wanted) - 1
        return EPOCH + timedelta(microseconds=self._begins[place] + wanted - self._before[place])

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at that instant."""
        self._cover(at.date(), at.date())
        micros = _micros(at)
        place = bisect_right(self._begins, micros) - 1
        return place >= 0 and micros < self._ends[place]

    def _passed(self, micros: int) -> int:
        """Open microseconds before an instant, since the first day."""
        place = bisect_right(self._begins, micros) - 1
        if place < 0:
            return 0
        return self._before[place] + min(micros, self._ends[place]) - self._begins[place]

    def _cover(self, first: date, last: date) -> None:
        if first < self._first or last > self._last:
            self._unroll(min(first, self._first), max(last, self._last))


def always(name: str) -> Calendar:
    """Open at all times."""
    return Calendar(name, "UTC", (((0, 24 * 60),),) * 7)


def week_of(hours: Mapping[str, str]) -> tuple[tuple[Span, ...], ...]:
    """
    The spans of Monday to Sunday from hours by ``mon`` to ``sun``; a day that lacks is closed.

    Raises:
        InvalidValueError: If a name is no day, or hours are not hours.
    """
    for day in hours:
        if day not in DAYS:
            raise InvalidValueError("day", day, f"one of {', '.join(DAYS)}")
    return tuple(spans(hours.get(day, "")) for day in DAYS)


def exceptions_of(days: Sequence[tuple[str, str]]) -> dict[date, tuple[Span, ...]]:
    """
    Hours by day, from days such as 2026-12-24 and their hours.

    Raises:
        InvalidValueError: If a day is not written so.
    """
    found = {}
    for day, hours in days:
        try:
            found[date.fromisoformat(day)] = spans(hours)
        except ValueError as exc:
            if isinstance(exc, InvalidValueError):
                raise
            raise InvalidValueError("holiday", day, "a day such as 2026-12-24") from None
    return found
