"""Intents on their way into the ledger: their keys, what they point to, and their rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from crmkit import InvalidValueError, RecordNotFoundError, Unit, nearest
from crmkit.sql import contact_key, customer, id_list, offer, one_of

from .model import Intent, key_of

COLUMNS: Final = tuple(
    "id key run step customer_id channel address purpose subject text offer_id because "  # noqa: SIM905 - reads as the row does
    "priority state not_before expires_at attempts claimed_by token reference detail "
    "created_at html".split()
)


def key(unit: Unit, intent: Intent) -> str:
    """
    Raises:
        InvalidValueError: If no enabled plugin has the channel.
    """
    channels = unit.contributed.channels
    if intent.channel not in channels:
        known = ", ".join(sorted(channels)) or "none is enabled"
        accepted = f"an enabled channel{nearest(intent.channel, channels)} ({known})"
        raise InvalidValueError("channel", intent.channel, accepted)
    kind = channels[intent.channel].contact_kind
    return key_of(intent.run, intent.step, contact_key(kind, intent.address))


def refuse_dangling(unit: Unit, intents: Iterable[Intent]) -> None:
    """
    Raises:
        RecordNotFoundError: If a customer or an offer does not exist.
    """
    given = list(intents)
    _refuse_missing(unit, customer, {each.customer_id for each in given})
    offers = {each.offer_id for each in given if each.offer_id is not None}
    _refuse_missing(unit, offer, offers)


def _refuse_missing(unit: Unit, table: sa.Table, ids: set[int]) -> None:
    if ids:
        wanted = {"ids": id_list(unit.connection, ids)}
        query = sa.select(table.c.id).where(one_of(table.c.id))
        missing = ids - set(unit.connection.scalars(query, wanted))
        if missing:
            raise RecordNotFoundError(table.name.removeprefix("crm_"), min(missing))


def row(intent_id: int, key: str, intent: Intent, now: datetime) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    return (
        intent_id,
        key,
        intent.run,
        intent.step,
        intent.customer_id,
        intent.channel,
        intent.address,
        intent.purpose,
        intent.subject,
        intent.text,
        intent.offer_id,
        "" if intent.because is None else str(intent.because),
        intent.priority,
        "queued",
        intent.not_before or now,
        intent.expires_at,
        0,
        "",
        0,
        "",
        "",
        now,
        intent.html,
    )
