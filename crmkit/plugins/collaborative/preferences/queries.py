"""Reads: what was asked for, and what a customer may choose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Customer, RecordNotFoundError, Unit
from crmkit.plugins.foundation import consent, policy
from crmkit.sql import id_list, one_of

from .model import Choice, Wish
from .tables import preferences_wish

_COLUMNS = [preferences_wish.c[each.name] for each in attrs.fields(Wish)]


def wish(unit: Unit, wish_id: int) -> Wish:
    """
    Raises:
        RecordNotFoundError: If there is none, or the person was erased.
    """
    found = _load(unit, sa.select(*_COLUMNS).where(preferences_wish.c.id == wish_id))
    if not found:
        raise RecordNotFoundError("wish", wish_id)
    return found[0]


def wishes(unit: Unit, customer_id: int | None = None, *, open_only: bool = False) -> list[Wish]:
    """What was asked for, the latest first; of one customer, or only what may be confirmed."""
    theirs = preferences_wish.c
    select = sa.select(*_COLUMNS).order_by(theirs.id.desc())
    if customer_id is not None:
        select = select.where(theirs.customer_id == customer_id)
    if open_only:
        select = select.where(theirs.confirmed_at.is_(None), theirs.expires_at > unit.now)
    return _load(unit, select)


def wishes_of_many(unit: Unit, customer_ids: list[int]) -> list[Wish]:
    select = sa.select(*_COLUMNS).where(one_of(preferences_wish.c.customer_id))
    return _load(unit, select, ids=id_list(unit.connection, customer_ids))


def asked_since(unit: Unit, address_key: str, since: datetime) -> list[Wish]:
    """What was entered for an address, in whatever spelling, since then; the latest first."""
    theirs = preferences_wish.c
    select = (
        sa.select(*_COLUMNS)
        .where(theirs.address_key == address_key, theirs.asked_at > since)
        .order_by(theirs.id.desc())
    )
    return _load(unit, select)


def _load(unit: Unit, select: sa.Select[Any], **given: object) -> list[Wish]:
    rows = unit.connection.execute(select, given).mappings()
    return [Wish(**{**row, "purposes": tuple(row["purposes"])}) for row in rows]


def choices(unit: Unit, customer_id: int) -> list[Choice]:
    """
    What the policy in force offers this customer to choose: each marketing purpose that may rest
    on consent, by each enabled channel on which there is an address.
    """
    who = unit.customers.get(customer_id)
    told = consent.log(unit, customer_id)
    return [
        Choice(
            purpose=purpose.name,
            summary=purpose.summary,
            channel=channel,
            address=address,
            is_on=not consent.refusal(told, purpose.name, channel, unit.now, purpose.lawful_bases),
        )
        for purpose in policy.current(unit).purposes.values()
        if purpose.kind == "marketing" and "consent" in purpose.lawful_bases
        for channel in purpose.channels
        if (address := address_on(unit, who, channel))
    ]


def address_on(unit: Unit, who: Customer, channel: str) -> str | None:
    """Where *channel* reaches *who*; None without an address, or where no plugin has it."""
    known = unit.contributed.channels.get(channel)
    return who.contact(known.contact_kind) if known else None


def survivor(unit: Unit, customer_id: int) -> Customer:
    """
    The customer, or whom they were merged into.

    Raises:
        RecordNotFoundError: If there is nobody, or they were erased.
    """
    who = unit.customers.survivor(customer_id)
    if who.status == "erased":
        raise RecordNotFoundError("customer", customer_id)
    return who
