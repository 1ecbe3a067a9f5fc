"""Reads: what came in, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import Interaction, RecordNotFoundError, Unit
from crmkit.sql import id_list, one_of

from .model import Entry, State
from .tables import inbox_message

_MESSAGE = inbox_message.c


def entry(unit: Unit, entry_id: int) -> Entry:
    """
    Raises:
        RecordNotFoundError: If no message has that number.
    """
    select = sa.select(inbox_message).where(_MESSAGE.id == entry_id)
    found = _loaded(unit, unit.connection.execute(select).mappings().all())
    if not found:
        raise RecordNotFoundError("message", entry_id)
    return found[0]


def entries(
    unit: Unit,
    *,
    state: State | None = "open",
    unresolved: bool | None = None,
    channel: str = "",
    before: int | None = None,
    size: int = 50,
) -> list[Entry]:
    """
    Messages, the latest first; *before* continues after the last number seen.

    Args:
        state: None for any.
        unresolved: Only those whose sender is not sure, or only the others.
    """
    select = sa.select(inbox_message).order_by(_MESSAGE.id.desc()).limit(size)
    if state is not None:
        select = select.where(_MESSAGE.state == state)
    if unresolved is not None:
        select = select.where(_MESSAGE.unresolved == int(unresolved))
    if channel:
        select = select.where(_MESSAGE.channel == channel)
    if before is not None:
        select = select.where(_MESSAGE.id < before)
    return _loaded(unit, unit.connection.execute(select).mappings().all())


def waiting(unit: Unit) -> tuple[int, int, datetime | None]:
    """How many messages are open, how many of them unresolved, and since when the first waits."""
    select = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(_MESSAGE.unresolved), 0),
        sa.func.min(_MESSAGE.interaction_id),
    ).where(_MESSAGE.state == "open")
    number, unresolved, first = unit.connection.execute(select).one()
    since = unit.interactions.get(first).at if first is not None else None
    return int(number), int(unresolved), since


def of_customers(unit: Unit, customer_ids: Sequence[int]) -> list[dict[str, Any]]:
    given = {"ids": id_list(unit.connection, customer_ids)}
    select = sa.select(inbox_message).where(one_of(_MESSAGE.customer_id))
    return [dict(row) for row in unit.connection.execute(select, given).mappings()]


def _loaded(unit: Unit, rows: Sequence[Any]) -> list[Entry]:
    """A handful of queries, however many rows."""
    ids = [row["interaction_id"] for row in rows]
    said = {each.id: each for each in unit.interactions.get_many(ids)}
    people = {e.id: e for e in unit.customers.get_many({row["customer_id"] for row in rows})}
    offered = {each.offer_id for each in said.values() if each.offer_id is not None}
    offers = {each.id: each for each in unit.offers.get_many(offered)}
    found = []
    for row in rows:
        told = said[row["interaction_id"]]
        offer = offers.get(told.offer_id or 0)
        found.append(
            Entry(
                id=row["id"],
                interaction_id=told.id,
                at=told.at,
                channel=told.channel,
                customer_id=row["customer_id"],
                customer=people[row["customer_id"]].name,
                is_unresolved=bool(row["unresolved"]),
                how=row["how"],
                text=told.text,
                thread=told.thread,
                case_id=row["case_id"] or _case_of(told),
                offer_id=told.offer_id,
                offer=f"{offer.what} ({offer.status})" if offer else "",
                is_machine=told.machine,
                state=row["state"],
                note=row["note"],
            )
        )
    return found


def _case_of(told: Interaction) -> int | None:
    """The case whose thread it bears, as ``service`` writes it."""
    noun, _, number = told.thread.partition(":")
    return int(number) if noun == "case" and number.isascii() and number.isdigit() else None
