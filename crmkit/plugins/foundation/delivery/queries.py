"""Reading the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from crmkit import Contact, Objection, RecordNotFoundError, Unit, ask
from crmkit.sql import id_list, interaction, one_of

from .model import HELD, PRIORITIES, Attempt, Message, Outcome, Outlook, Pause, State
from .tables import attempt, intent, pause

COLUMNS = [column for column in intent.c if column.name != "claimed_at"]
_LINE = (attempt.c.intent_id, attempt.c.at, attempt.c.state, attempt.c.detail)
_RANK = sa.case({name: rank for rank, name in enumerate(PRIORITIES)}, value=intent.c.priority)
_LATEST = sa.select(*COLUMNS).order_by(intent.c.id.desc())


def load(rows: Iterable[sa.Row[Any]]) -> list[Message]:
    return [Message(**row._mapping) for row in rows]  # noqa: SLF001 - its public name


def message(unit: Unit, intent_id: int) -> Message:
    """
    Raises:
        RecordNotFoundError: If there is no such intent.
    """
    found = messages_with(unit, [intent_id])
    if not found:
        raise RecordNotFoundError("intent", intent_id)
    return found[0]


def messages_with(unit: Unit, ids: Iterable[int]) -> list[Message]:
    """Those that exist, latest first."""
    wanted = {"ids": id_list(unit.connection, ids)}
    return load(unit.connection.execute(_LATEST.where(one_of(intent.c.id)), wanted))


def messages(
    unit: Unit,
    *,
    state: State | None = None,
    customer_id: int | None = None,
    before: int | None = None,
    size: int = 50,
) -> list[Message]:
    """The ledger's tail, latest first; *before* is the last id seen."""
    query = _LATEST.limit(size)
    if state is not None:
        query = query.where(intent.c.state == state)
    if customer_id is not None:
        query = query.where(intent.c.customer_id == customer_id)
    if before is not None:
        query = query.where(intent.c.id < before)
    return load(unit.connection.execute(query))


def messages_of(unit: Unit, customer_ids: Sequence[int]) -> list[Message]:
    """All of these customers, latest first."""
    wanted = {"ids": id_list(unit.connection, customer_ids)}
    return load(unit.connection.execute(_LATEST.where(one_of(intent.c.customer_id)), wanted))


def log_after(unit: Unit, line: int, *, size: int) -> list[tuple[int, Attempt]]:
    """Lines of the log after *line*, oldest first, each with its number."""
    query = sa.select(attempt.c.id, *_LINE).where(attempt.c.id > line).order_by(attempt.c.id)
    return [
        (number, Attempt(intent_id=intent_id, at=at, state=state, detail=detail))
        for number, intent_id, at, state, detail in unit.connection.execute(query.limit(size))
    ]


def log_end(unit: Unit, *, size: int) -> int:
    """The number of the line after which the last *size* lines of the log come."""
    query = sa.select(attempt.c.id).order_by(attempt.c.id.desc()).offset(size).limit(1)
    return int(unit.connection.scalar(query) or 0)


def attempts_of(unit: Unit, intent_id: int) -> list[Attempt]:
    """The log of one intent, oldest first."""
    query = sa.select(*_LINE).where(attempt.c.intent_id == intent_id).order_by(attempt.c.id)
    return [Attempt(**row._mapping) for row in unit.connection.execute(query)]  # noqa: SLF001


def ids_of_keys(unit: Unit, keys: Iterable[str]) -> dict[str, int]:
    """Intent ids by key; unknown ones are absent."""
    query = sa.select(intent.c.key, intent.c.id).where(one_of(intent.c.key))
    wanted = {"ids": id_list(unit.connection, keys)}
    return {row.key: row.id for row in unit.connection.execute(query, wanted)}


def intents_behind(unit: Unit, interaction_ids: Sequence[int]) -> dict[int, int]:
    """The intent that each ``message.sent`` of *interaction_ids* records."""
    query = (
        sa.select(interaction.c.id, intent.c.id)
        .join(intent, intent.c.key == interaction.c.source_key)
        .where(one_of(interaction.c.id), interaction.c.source == "delivery")
    )
    wanted = {"ids": id_list(unit.connection, interaction_ids)}
    return {row[0]: row[1] for row in unit.connection.execute(query, wanted)}


def is_due(unit: Unit) -> sa.ColumnElement[bool]:
    """The condition of an intent that waits for a worker."""
    due = sa.and_(intent.c.state == "queued", intent.c.not_before <= unit.now)
    return sa.and_(due, sa.not_(is_paused()))


def is_paused() -> sa.ColumnElement[bool]:
    """The condition of an intent of a run or channel that is paused."""
    of_run = pause.c.run.in_(("", intent.c.run))
    return sa.exists().where(of_run, pause.c.channel.in_(("", intent.c.channel)))


def pauses(unit: Unit) -> list[Pause]:
    """What is paused, the longest first."""
    query = sa.select(pause).order_by(pause.c.since, pause.c.run, pause.c.channel)
    return [Pause(**row._mapping) for row in unit.connection.execute(query)]  # noqa: SLF001


def paused(unit: Unit, ids: Iterable[int]) -> set[int]:
    """Those of *ids* that are paused."""
    query = sa.select(intent.c.id).where(one_of(intent.c.id), is_paused())
    return set(unit.connection.scalars(query, {"ids": id_list(unit.connection, ids)}))


def is_late(unit: Unit) -> sa.ColumnElement[bool]:
    """The condition of an intent that is past its time."""
    return sa.and_(intent.c.expires_at.is_not(None), intent.c.expires_at <= unit.now)


def is_lapsed(unit: Unit) -> sa.ColumnElement[bool]:
    """The condition of an intent in the hands of a worker whose lease is over."""
    return sa.and_(intent.c.state.in_(HELD), intent.c.lease_until <= unit.now)


def outlook(unit: Unit) -> Outlook:
    late, lapsed, number = is_late(unit), is_lapsed(unit), sa.func.count()
    held = sa.and_(intent.c.state.in_(HELD), intent.c.lease_until > unit.now)
    queued, claimed = intent.c.state == "queued", intent.c.state == "claimed"
    later = sa.and_(queued, intent.c.not_before > unit.now, sa.not_(late))
    lease = intent.c.lease_until
    query = sa.select(
        number.filter(held).label("held"),
        sa.func.min(lease).filter(held).label("held_from"),
        sa.func.max(lease).filter(held).label("held_until"),
        number.filter(lapsed).label("lapsed"),
        number.filter(lapsed, claimed, sa.not_(late)).label("requeued"),
        number.filter(lapsed, intent.c.state == "sending").label("unknown"),
        number.filter(_would_expire(unit)).label("expired"),
        number.filter(later).label("later"),
        sa.func.min(intent.c.not_before).filter(later).label("later_from"),
        number.filter(is_due(unit), sa.not_(late)).label("due"),
        number.filter(queued, is_paused(), sa.not_(late)).label("paused"),
    ).where(intent.c.state.in_(("queued", *HELD)))
    return Outlook(**unit.connection.execute(query).one()._mapping)  # noqa: SLF001


def _would_expire(unit: Unit) -> sa.ColumnElement[bool]:
    unsent = sa.and_(intent.c.state == "claimed", is_lapsed(unit))
    return sa.and_(is_late(unit), sa.or_(intent.c.state == "queued", unsent))


def would_end(unit: Unit, *, size: int) -> list[Message]:
    """What a run would end before it sends anything: ``unknown`` if sending, else ``expired``."""
    lost = sa.and_(intent.c.state == "sending", is_lapsed(unit))
    query = sa.select(*COLUMNS).where(sa.or_(lost, _would_expire(unit))).order_by(intent.c.id)
    return load(unit.connection.execute(query.limit(size)))


def would_take(unit: Unit, *, size: int) -> list[Message]:
    """What a run would then take, with what it queues again, in its order."""
    unsent = sa.and_(intent.c.state == "claimed", is_lapsed(unit))
    query = (
        sa.select(*COLUMNS)
        .where(sa.or_(is_due(unit), unsent), sa.not_(is_late(unit)))
        .order_by(_RANK, intent.c.not_before, intent.c.id)
    )
    return load(unit.connection.execute(query.limit(size)))


def is_any_due(unit: Unit) -> bool:
    """Whether a worker would find anything now."""
    query = sa.select(intent.c.id).where(is_due(unit)).limit(1)
    return unit.connection.scalar(query) is not None


def due_since(unit: Unit) -> datetime | None:
    """Since when the first of what is due has waited."""
    query = sa.select(sa.func.min(intent.c.not_before)).where(is_due(unit))
    return cast("datetime | None", unit.connection.scalar(query))


def due_by_channel(unit: Unit) -> dict[str, int]:
    """How many wait, by the channel they need."""
    query = sa.select(intent.c.channel, sa.func.count()).where(is_due(unit))
    return {row[0]: row[1] for row in unit.connection.execute(query.group_by(intent.c.channel))}


def counts(unit: Unit) -> dict[State, int]:
    """How many there are, by state."""
    query = sa.select(intent.c.state, sa.func.count()).group_by(intent.c.state)
    return {cast(State, row[0]): row[1] for row in unit.connection.execute(query)}


def refused(unit: Unit, messages: Sequence[Message]) -> Mapping[int, Outcome]:
    """What becomes of those the enabled plugins refuse, by intent id; absent means it may go."""
    contacts = [
        Contact(
            customer_id=each.customer_id,
            purpose=each.purpose,
            channel=each.channel,
            address=each.address,
            at=unit.now,
        )
        for each in messages
    ]
    found = ask.may_contact(unit, contacts) if contacts else {}
    return {
        messages[index].id: _refusal(messages[index], told, unit.now)
        for index, told in found.items()
    }


def _refusal(message: Message, objections: Sequence[Objection], now: datetime) -> Outcome:
    """Put off if every objection says when it ends and the message does not expire by then."""
    told = "; ".join(f"{each.plugin}: {each.reason}" for each in objections)
    ends = [each.until for each in objections if each.until]
    until = max(ends) if len(ends) == len(objections) else now
    if until <= now or (message.expires_at and message.expires_at <= until):
        return Outcome(message, "suppressed", detail=told)
    return Outcome(message, "deferred", detail=told, not_before=until)


def is_durable(unit: Unit) -> bool:
    """Whether a commit survives a power cut."""
    if unit.connection.dialect.name == "sqlite":
        return bool(unit.connection.exec_driver_sql("PRAGMA synchronous").scalar_one() >= 2)
    return bool(unit.connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() != "off")
