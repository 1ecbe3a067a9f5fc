"""Settings: ``[service]`` in ``crmkit.toml``: statuses, calendars, promises, macros."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from crmkit import InvalidValueError, nearest

from .calendars import Calendar, always, exceptions_of, week_of

METRICS: Final = ("first_response", "next_response", "resolution")
ALWAYS: Final = "always"


def _zone(_: object, field: attrs.Attribute[Any], value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        accepted = "an IANA name such as Europe/Warsaw"
        raise InvalidValueError(field.name, value, accepted) from None


def _minutes(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if type(value) is not int or not 0 <= value <= 5_256_000:
        raise InvalidValueError(field.name, value, "open minutes, 0 for no promise")


def _share(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 < value <= 1:
        raise InvalidValueError(field.name, value, "a share such as 0.8 for 80 %")


@attrs.frozen(kw_only=True)
class Status:
    """
    One status of the machine.

    Attributes:
        next: Where a case may go from here; none for a final one.
        paused: We wait for somebody else: the clock of the resolution stands still.
        solved: The promises are kept; a message of the customer opens the case again.
        final: Nothing more happens to the case.
    """

    name: str
    next: tuple[str, ...] = ()
    paused: bool = False
    solved: bool = False

    @property
    def final(self) -> bool:
        return not self.next


STATUSES: Final = (
    Status(name="new", next=("open", "waiting", "solved")),
    Status(name="open", next=("waiting", "solved")),
    Status(name="waiting", next=("open", "solved"), paused=True),
    Status(name="solved", next=("open", "closed"), solved=True),
    Status(name="closed", solved=True),
)


@attrs.frozen(kw_only=True)
class Office:
    """
    A calendar.

    Attributes:
        hours: By ``mon`` to ``sun``: ``"09:00-12:00, 13:00-17:00"``.
        days: By day such as ``2026-12-24``, hours other than the weekday's; empty for a holiday.
    """

    name: str
    time_zone: str = attrs.field(default="UTC", validator=_zone)
    hours: dict[str, str] = attrs.field(factory=dict)
    days: dict[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.calendar()

    def calendar(self) -> Calendar:
        """
        Raises:
            InvalidValueError: If hours or days are not written so.
        """
        days = exceptions_of(list(self.days.items()))
        return Calendar(self.name, self.time_zone, week_of(self.hours), days)


@attrs.frozen(kw_only=True)
class Promise:
    """
    How fast we want to be; the first promise that fits a case is taken.

    Attributes:
        queue, priority, kind: Only for cases of these; empty for any.
        calendar: Name of a calendar; ``always`` counts day and night.
        first_response_minutes, next_response_minutes, resolution_minutes: Open minutes; 0 for none.
        warn_share: After which share of the time a case is about to be late.
        escalate_to: Who gets the case when it is about to be late; empty for nobody.
        raise_to: The priority it then has; empty for the one it had.
    """

    name: str
    queue: str = ""
    priority: str = ""
    kind: str = ""
    calendar: str = ALWAYS
    first_response_minutes: int = attrs.field(default=0, validator=_minutes)
    next_response_minutes: int = attrs.field(default=0, validator=_minutes)
    resolution_minutes: int = attrs.field(default=0, validator=_minutes)
    warn_share: float = attrs.field(default=0.8, validator=_share)
    escalate_to: str = ""
    raise_to: str = ""

    def minutes(self, metric: str) -> int:
        found: int = getattr(self, f"{metric}_minutes")
        return found


@attrs.frozen(kw_only=True)
class Macro:
    """
    A canned answer, and what it does to the case.

    Attributes:
        text: ``{name}``, ``{subject}`` and ``{case}`` are filled in; empty for no answer.
        status, queue, priority, assignee: What the case then has; empty to leave it.
    """

    name: str
    text: str = ""
    status: str = ""
    queue: str = ""
    priority: str = ""
    assignee: str = ""

    def __attrs_post_init__(self) -> None:
        try:
            self.text.format(name="", subject="", case=0)
        except (KeyError, IndexError, ValueError):
            accepted = "only {name}, {subject} and {case} in braces"
            raise InvalidValueError("text", self.text, accepted) from None


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        statuses: The machine; a case begins in the first.
        queues, priorities: What there is, priorities from the least to the most pressing.
        amends_holdout: Share of complaints to whom no amends are offered, so that it can be told
            whether amends keep customers.
        amends_window_days: How long after the complaint an order counts as staying.
        amends_days: How long an offer of amends is valid.
    """

    statuses: tuple[Status, ...] = STATUSES
    queues: tuple[str, ...] = ("general",)
    priorities: tuple[str, ...] = ("low", "normal", "high", "urgent")
    usual_priority: str = "normal"
    calendars: tuple[Office, ...] = ()
    promises: tuple[Promise, ...] = ()
    macros: tuple[Macro, ...] = ()
    amends_holdout: float = 0.1
    amends_window_days: int = 180
    amends_days: int = 30

    def __attrs_post_init__(self) -> None:
        names = [each.name for each in self.statuses]
        if not names or len(set(names)) != len(names):
            raise InvalidValueError("statuses", names, "one status or more, each with its own name")
        for status in self.statuses:
            _known("status", status.next, names)
        _known("priority", [self.usual_priority], self.priorities)
        offices = [ALWAYS, *(each.name for each in self.calendars)]
        for promise in self.promises:
            _known("calendar", [promise.calendar], offices)
            _known("queue", filter(None, [promise.queue]), self.queues)
            _known("priority", filter(None, [promise.priority, promise.raise_to]), self.priorities)
        for macro in self.macros:
            _known("status", filter(None, [macro.status]), names)
            _known("queue", filter(None, [macro.queue]), self.queues)
            _known("priority", filter(None, [macro.priority]), self.priorities)
        if not 0 <= self.amends_holdout < 1:
            accepted = "a share such as 0.1, below 1"
            raise InvalidValueError("amends_holdout", self.amends_holdout, accepted)

    def status(self, name: str) -> Status | None:
        """None where the machine has no such status any more."""
        return next((each for each in self.statuses if each.name == name), None)

    def calendar(self, name: str) -> Calendar:
        """The calendar of that name, which a promise refers to."""
        for each in self.calendars:
            if each.name == name:
                return each.calendar()
        return always(name)

    def promise_for(self, queue: str, priority: str, kind: str) -> Promise | None:
        """The first promise that fits."""
        for each in self.promises:
            if (
                each.queue in ("", queue)
                and each.priority in ("", priority)
                and each.kind in ("", kind)
            ):
                return each
        return None


def _known(what: str, names: Any, known: Any) -> None:
    for name in names:
        if name not in known:
            accepted = f"one of {', '.join(known)}{nearest(name, known)}"
            raise InvalidValueError(what, name, accepted)
