"""Reads: cases, their conversation and history, clocks, who waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Interaction, RecordNotFoundError, Unit
from crmkit.sql import id_list, one_of

from .calendars import MICROSECOND
from .config import Settings
from .model import Case, Change, Clock, Participant
from .tables import (
    service_case,
    service_change,
    service_clock,
    service_entry,
    service_participant,
)


def case(unit: Unit, case_id: int) -> Case:
    """
    Raises:
        RecordNotFoundError: If there is none.
    """
    found = cases(unit, [case_id])
    if not found:
        raise RecordNotFoundError("case", case_id)
    return found[0]


def cases(unit: Unit, ids: Iterable[int]) -> list[Case]:
    """Those that exist, by id."""
    select = sa.select(service_case).where(one_of(service_case.c.id)).order_by(service_case.c.id)
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, list(ids))})
    return [Case(**row) for row in rows.mappings()]


def find(
    unit: Unit,
    *,
    status: str = "",
    queue: str = "",
    assignee: str | None = None,
    customer_id: int | None = None,
    unsolved: bool = False,
    before: int | None = None,
    size: int = 50,
) -> list[Case]:
    """
    Cases, latest first, without merged ones; *before* continues after the last id seen.

    Args:
        assignee: Empty for nobody's.
        unsolved: Only in statuses that are not solved.
    """
    theirs = service_case.c
    select = sa.select(service_case).where(theirs.merged_into.is_(None))
    wanted = {theirs.status: status, theirs.queue: queue, theirs.customer_id: customer_id}
    select = select.where(*(column == value for column, value in wanted.items() if value))
    if assignee is not None:
        select = select.where(theirs.assignee == assignee)
    if unsolved:
        select = select.where(theirs.status.not_in(solved_names(unit)))
    if before is not None:
        select = select.where(theirs.id < before)
    rows = unit.connection.execute(select.order_by(theirs.id.desc()).limit(size))
    return [Case(**row) for row in rows.mappings()]


def solved_names(unit: Unit) -> list[str]:
    """Names of the statuses in which nothing is owed any more."""
    return [each.name for each in unit.settings(Settings).statuses if each.solved]


def by_source(
    unit: Unit, pairs: Sequence[tuple[str, str | None]]
) -> dict[tuple[str, str | None], int]:
    """Ids of the cases that came from these systems under these keys."""
    theirs = service_case.c
    keys = [key for _, key in pairs if key is not None]
    if not keys:
        return {}
    select = sa.select(theirs.source, theirs.source_key, theirs.id).where(one_of(theirs.source_key))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, keys)})
    return {(row.source, row.source_key): row.id for row in rows}


def clocks(unit: Unit, case_ids: Iterable[int]) -> dict[int, list[Clock]]:
    """The clocks of each case, by case."""
    wanted = list(case_ids)
    found: dict[int, list[Clock]] = {each: [] for each in wanted}
    theirs = service_clock.c
    select = (
        sa.select(service_clock)
        .where(one_of(theirs.case_id))
        .order_by(theirs.case_id, theirs.metric)
    )
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, wanted)})
    for row in rows.mappings():
        found[row["case_id"]].append(clock_of(dict(row)))
    return found


def clock_of(row: dict[str, Any]) -> Clock:
    """From a row of the table."""
    for name in ("target", "elapsed"):
        row[name] = row.pop(f"{name}_micros") * MICROSECOND
    return Clock(**row)


def history(unit: Unit, case_id: int) -> list[Change]:
    """What was changed, oldest first."""
    theirs = service_change.c
    select = (
        sa.select(
            theirs.case_id, theirs.at, theirs.actor, theirs.field, theirs.before, theirs.after
        )
        .where(theirs.case_id == case_id)
        .order_by(theirs.id)
    )
    return [Change(**row) for row in unit.connection.execute(select).mappings()]


def conversation(unit: Unit, case_id: int) -> list[Interaction]:
    """The interactions of a case on all channels, oldest first."""
    theirs = service_entry.c
    ids = unit.connection.scalars(
        sa.select(theirs.interaction_id)
        .where(theirs.case_id == case_id)
        .order_by(theirs.at, theirs.interaction_id)
    ).all()
    found = {each.id: each for each in unit.interactions.get_many(ids)}
    return [found[each] for each in ids]


def participants(unit: Unit, case_ids: Iterable[int]) -> list[Participant]:
    """Everybody else that these cases are about."""
    theirs = service_participant.c
    select = (
        sa.select(service_participant)
        .where(one_of(theirs.case_id))
        .order_by(theirs.case_id, theirs.customer_id)
    )
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, list(case_ids))})
    return [Participant(**row) for row in rows.mappings()]


def next_due(unit: Unit, *, queue: str = "", assignee: str = "", size: int = 50) -> list[Clock]:
    """The running clocks that run out first."""
    theirs, case_ = service_clock.c, service_case.c
    select = sa.select(service_clock).where(theirs.due_at.is_not(None))
    if queue or assignee:
        select = select.join(service_case, case_.id == theirs.case_id)
    if queue:
        select = select.where(case_.queue == queue)
    if assignee:
        select = select.where(case_.assignee == assignee)
    rows = unit.connection.execute(select.order_by(theirs.due_at, theirs.case_id).limit(size))
    return [clock_of(dict(row)) for row in rows.mappings()]


def open_counts(unit: Unit, customer_ids: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """How many unsolved cases each customer has, and since when the oldest."""
    theirs = service_case.c
    select = (
        sa.select(theirs.customer_id, sa.func.count(), sa.func.min(theirs.opened_at))
        .where(
            one_of(theirs.customer_id),
            theirs.merged_into.is_(None),
            theirs.status.not_in(solved_names(unit)),
        )
        .group_by(theirs.customer_id)
    )
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, customer_ids)})
    return {row[0]: (row[1], row[2]) for row in rows}


def plain(record: attrs.AttrsInstance) -> Mapping[str, Any]:
    """A record as JSON can hold it."""

    def serialized(_: object, __: object, value: object) -> object:
        if isinstance(value, datetime | date):
            return value.isoformat()
        return value.total_seconds() if isinstance(value, timedelta) else value

    return attrs.asdict(record, value_serializer=serialized)
