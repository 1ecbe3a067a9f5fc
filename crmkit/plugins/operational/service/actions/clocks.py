"""Clocks follow what happens to their cases, and what happens to the calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import attrs
import sqlalchemy as sa

from crmkit import Unit, atomic
from crmkit.sql import Statement, delete_where, id_list, insert_many, one_of, update_rows

from .. import queries
from ..calendars import MICROSECOND
from ..config import METRICS, Promise, Settings
from ..model import Alarm, Case, Clock, Metric
from ..tables import service_clock
from ..ticking import Offices, begun, held, promised, resumed, stopped

CHUNK = 20_000


def begin(unit: Unit, cases: Sequence[Case]) -> None:
    """Start what is promised for new cases: a first response, and a resolution."""
    offices = _offices(unit)
    found = []
    for case in cases:
        promise = offices.settings.promise_for(case.queue, case.priority, case.kind)
        metrics: tuple[Metric, ...] = ("first_response", "resolution")
        if promise is not None:
            found += [
                begun(case.id, metric, promise, unit.now, offices)
                for metric in metrics
                if promise.minutes(metric)
            ]
    _insert(unit, found)


def follow(unit: Unit, moved: Sequence[tuple[Case, Case]]) -> None:
    """Let clocks stand still, go on, stop, or fall under another promise, as cases changed."""
    offices = _offices(unit)
    clocks = queries.clocks(unit, [before.id for before, _ in moved])
    for before, after in moved:
        mine = {clock.metric: clock for clock in clocks[after.id]}
        if _sort(before) != _sort(after):
            promise = offices.settings.promise_for(*_sort(after))
            mine = _under(unit, mine, after, promise, offices)
        if before.status != after.status:
            mine = _with_status(unit, mine, after, offices)
        clocks[after.id] = list(mine.values())
    _replace(unit, clocks)


def _sort(case: Case) -> tuple[str, str, str]:
    return case.queue, case.priority, case.kind


def _under(
    unit: Unit,
    mine: dict[Metric, Clock],
    case: Case,
    promise: Promise | None,
    offices: Offices,
) -> dict[Metric, Clock]:
    """Under the promise that fits now; what is not promised any more stops."""
    found: dict[Metric, Clock] = {}
    for metric, clock in mine.items():
        if clock.stopped_at is not None or (promise and promise.name == clock.promise):
            found[metric] = clock
        elif promise is None or not promise.minutes(metric):
            found[metric] = stopped(clock, unit.now, offices)
        else:
            found[metric] = promised(clock, promise, unit.now, offices)
    if promise is not None and promise.resolution_minutes and "resolution" not in found:
        found["resolution"] = begun(case.id, "resolution", promise, unit.now, offices)
    return found


def _with_status(
    unit: Unit, mine: dict[Metric, Clock], case: Case, offices: Offices
) -> dict[Metric, Clock]:
    status = offices.settings.status(case.status)
    assert status is not None
    if status.solved:
        return {metric: stopped(clock, unit.now, offices) for metric, clock in mine.items()}
    clock = mine.get("resolution")
    if clock is None:
        return mine
    turn = held if status.paused else resumed
    return mine | {"resolution": turn(clock, unit.now, offices)}


def stop(unit: Unit, case_ids: Iterable[int], metrics: Sequence[str] = METRICS) -> None:
    """Stop clocks of these cases: the promise was kept, or no longer matters."""
    offices = _offices(unit)
    found = queries.clocks(unit, case_ids)
    changed = {
        case_id: [
            stopped(each, unit.now, offices) if each.metric in metrics else each for each in mine
        ]
        for case_id, mine in found.items()
        if any(each.metric in metrics and each.stopped_at is None for each in mine)
    }
    _replace(unit, changed)


def ask_again(unit: Unit, cases: Sequence[Case]) -> None:
    """Customers wrote: start the clock of the next response, unless one runs."""
    offices = _offices(unit)
    found = queries.clocks(unit, [each.id for each in cases])
    for case in cases:
        mine = {each.metric: each for each in found[case.id]}
        promise = offices.settings.promise_for(*_sort(case))
        waits = [mine[m] for m in METRICS[:2] if m in mine and mine[m].stopped_at is None]
        if promise is not None and promise.next_response_minutes and not waits:
            mine["next_response"] = begun(case.id, "next_response", promise, unit.now, offices)
        found[case.id] = list(mine.values())
    _replace(unit, found)


def _offices(unit: Unit) -> Offices:
    return Offices(unit.settings(Settings), unit.now.date())


def _replace(unit: Unit, clocks: dict[int, list[Clock]]) -> None:
    delete_where(unit.connection, service_clock, "case_id", clocks)
    _insert(unit, [each for mine in clocks.values() for each in mine])


def _insert(unit: Unit, clocks: Sequence[Clock]) -> None:
    rows = [
        tuple(
            value // MICROSECOND if isinstance(value, timedelta) else value
            for value in attrs.astuple(each)
        )
        for each in clocks
    ]
    insert_many(unit.connection, service_clock, rows)


@atomic
def watch(unit: Unit) -> list[Alarm]:
    """
    Note which clocks have run into their warning, or out, and hand cases on as their promise says.

    A clock is noted once for each; a rerun notes none again. Cases are never handed on backwards:
    a priority is only raised.
    """
    late = _past(unit, service_clock.c.due_at, service_clock.c.late_at)
    warned = [
        each
        for each in _past(unit, service_clock.c.warn_at, service_clock.c.warned_at)
        if each.due_at is not None and each.due_at > unit.now
    ]
    _note(unit, late, "late_at")
    _note(unit, [*warned, *late], "warned_at")
    handed = _hand_on(unit, [*late, *warned])
    return [
        *(_alarm(each, "late", handed) for each in late),
        *(_alarm(each, "warned", handed) for each in warned),
    ]


def _alarm(clock: Clock, level: Literal["warned", "late"], handed: Mapping[int, str]) -> Alarm:
    assert clock.due_at is not None
    return Alarm(
        case_id=clock.case_id,
        metric=clock.metric,
        level=level,
        due_at=clock.due_at,
        escalated_to=handed.get(clock.case_id, ""),
    )


def _past(unit: Unit, when: sa.Column[Any], noted: sa.Column[Any]) -> list[Clock]:
    select = (
        sa.select(service_clock)
        .where(when <= unit.now, noted.is_(None))
        .order_by(service_clock.c.due_at, service_clock.c.case_id)
    )
    return [queries.clock_of(dict(row)) for row in unit.connection.execute(select).mappings()]


def _note(unit: Unit, clocks: Sequence[Clock], column: str) -> None:
    theirs = service_clock.c
    for metric in METRICS:
        ids = [each.case_id for each in clocks if each.metric == metric]
        noted = (
            sa.update(service_clock)
            .where(one_of(theirs.case_id), theirs.metric == metric, theirs[column].is_(None))
            .values({column: unit.now})
        )
        if ids:
            unit.connection.execute(noted, {"ids": id_list(unit.connection, ids)})


def _hand_on(unit: Unit, clocks: Sequence[Clock]) -> dict[int, str]:
    from .cases import change

    settings = unit.settings(Settings)
    promises = {each.name: each for each in settings.promises}
    wanted: dict[tuple[str, str], list[int]] = {}
    cases = {each.id: each for each in queries.cases(unit, {c.case_id for c in clocks})}
    for clock in clocks:
        promise = promises.get(clock.promise)
        if promise is not None and (promise.escalate_to or promise.raise_to):
            case = cases[clock.case_id]
            raised = max(
                case.priority, promise.raise_to or case.priority, key=_rank(settings.priorities)
            )
            wanted.setdefault((promise.escalate_to or case.assignee, raised), []).append(case.id)
    handed = {}
    for (assignee, priority), ids in wanted.items():
        change(unit, ids, assignee=assignee, priority=priority)
        handed.update(dict.fromkeys(ids, assignee))
    return handed


def _rank(priorities: Sequence[str]) -> Callable[[str], int]:
    return lambda name: priorities.index(name) if name in priorities else -1


_RUNNING = Statement(
    sa.select(
        service_clock.c.case_id,
        service_clock.c.metric,
        service_clock.c.promise,
        service_clock.c.calendar,
        service_clock.c.target_micros,
        service_clock.c.elapsed_micros,
        service_clock.c.running_since,
        service_clock.c.due_at,
    )
    .where(service_clock.c.due_at.is_not(None), service_clock.c.case_id > sa.bindparam("after"))
    .order_by(service_clock.c.case_id, service_clock.c.metric)
    .limit(sa.bindparam("size"))
)


@atomic
def recompute(unit: Unit) -> int:
    """
    Let running clocks run out when the calendars of the settings now say; returns how many moved.

    For when holidays or hours changed. What had passed up to the last time a clock stood still is
    not counted again, and what was noted to be late stays noted.
    """
    offices = _offices(unit)
    after, moved = 0, 0
    while True:
        rows = _RUNNING.rows(unit.connection, after=after, size=CHUNK)
        if not rows:
            return moved
        full = len(rows) == CHUNK
        last = rows[-1][0]
        if full:  # the clocks of one case stay together
            rows = [row for row in rows if row[0] != last] or rows
        after = rows[-1][0]
        fresh = [each for row in rows if (each := _due_again(unit, row, offices))]
        if fresh:
            moved += update_rows(
                unit.connection,
                service_clock,
                fresh,
                key=("case_id", "metric"),
                values=("due_at", "warn_at"),
            )


def _due_again(unit: Unit, row: tuple[Any, ...], offices: Offices) -> tuple[Any, ...] | None:
    case_id, metric, promise, calendar, target, elapsed, running_since, due_at = row
    since = unit.read_instant(running_since)
    hours = offices.hours(calendar)
    found = hours.after(since, (target - elapsed) * MICROSECOND)
    if found == unit.read_instant(due_at):
        return None
    warned = target * offices.warn_share(promise) - elapsed
    warn = hours.after(since, round(warned) * MICROSECOND)
    stored = [each and unit.instant(each) for each in (found, warn)]
    return (*stored, case_id, metric)
