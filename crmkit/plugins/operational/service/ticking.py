"""Clocks that start, stand still, go on and stop. No unit."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import attrs

from .calendars import Hours
from .config import Promise, Settings
from .model import Clock, Metric

NOTHING = timedelta(0)


class Offices:
    """The calendars of the settings, each unrolled once around a day."""

    def __init__(self, settings: Settings, around: date) -> None:
        self.settings = settings
        self._first, self._last = around - timedelta(days=30), around + timedelta(days=60)
        self._hours: dict[str, Hours] = {}

    def hours(self, name: str) -> Hours:
        if name not in self._hours:
            calendar = self.settings.calendar(name)
            self._hours[name] = Hours(calendar, self._first, self._last)
        return self._hours[name]

    def warn_share(self, promise: str) -> float:
        """After which share of its time a clock warns; where the promise is gone, at its end."""
        shares = [each.warn_share for each in self.settings.promises if each.name == promise]
        return shares[0] if shares else 1.0


def begun(case_id: int, metric: Metric, promise: Promise, now: datetime, offices: Offices) -> Clock:
    """A clock that runs from now."""
    clock = Clock(
        case_id=case_id,
        metric=metric,
        promise=promise.name,
        calendar=promise.calendar,
        target=timedelta(minutes=promise.minutes(metric)),
        elapsed=NOTHING,
        started_at=now,
        running_since=now,
        due_at=None,
        warn_at=None,
        stopped_at=None,
        warned_at=None,
        late_at=None,
    )
    return due(clock, offices)


def due(clock: Clock, offices: Offices) -> Clock:
    """The clock with the instants at which it warns and runs out, as its calendar is now."""
    if clock.running_since is None:
        return attrs.evolve(clock, due_at=None, warn_at=None)
    hours = offices.hours(clock.calendar)
    share = offices.warn_share(clock.promise)
    return attrs.evolve(
        clock,
        due_at=hours.after(clock.running_since, clock.target - clock.elapsed),
        warn_at=hours.after(clock.running_since, clock.target * share - clock.elapsed),
    )


def held(clock: Clock, now: datetime, offices: Offices) -> Clock:
    """The clock standing still, with what has passed counted; as it is where it stands."""
    if clock.running_since is None:
        return clock
    passed = offices.hours(clock.calendar).between(clock.running_since, now)
    stands = attrs.evolve(clock, elapsed=clock.elapsed + passed, running_since=None)
    return due(stands, offices)


def resumed(clock: Clock, now: datetime, offices: Offices) -> Clock:
    """The clock running on; one that was stopped runs again."""
    if clock.running_since is not None:
        return clock
    return due(attrs.evolve(clock, running_since=now, stopped_at=None), offices)


def stopped(clock: Clock, now: datetime, offices: Offices) -> Clock:
    """The clock stopped: the promise was kept, in time or late."""
    if clock.stopped_at is not None:
        return clock
    stands = held(clock, now, offices)
    late_at = clock.late_at or (now if stands.elapsed > stands.target else None)
    return attrs.evolve(stands, stopped_at=now, late_at=late_at)


def promised(clock: Clock, promise: Promise, now: datetime, offices: Offices) -> Clock:
    """The clock under another promise: what has passed counts on."""
    runs = clock.running_since is not None
    stands = attrs.evolve(
        held(clock, now, offices),
        promise=promise.name,
        calendar=promise.calendar,
        target=timedelta(minutes=promise.minutes(clock.metric)),
        warned_at=None,
    )
    return resumed(stands, now, offices) if runs else stands
