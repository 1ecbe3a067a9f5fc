"""Reads: who is meant, what they bought, what was heard."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crmkit import Customer, Interaction, RecordNotFoundError, Unit
from crmkit.sql import interaction, line

from .config import Settings
from .errors import SeveralError
from .model import ASKED, NOTE, OFFERED, ORDER, TASTE, Favourite

CHOICES = 8
_I = interaction.c
_MINE = sa.and_(
    _I.customer_id == sa.bindparam("customer"), _I.kind == ORDER, _I.machine.is_(sa.false())
)
_VISITS = sa.select(sa.func.min(_I.at), sa.func.max(_I.at), sa.func.count()).where(_MINE)
_BOUGHT = (
    sa.select(
        line.c.sku,
        sa.func.max(line.c.name).label("name"),
        sa.func.count(line.c.interaction_id.distinct()).label("times"),
        sa.func.max(_I.at).label("last_at"),
    )
    .join(interaction, _I.id == line.c.interaction_id)
    .where(_MINE, line.c.customer_id == sa.bindparam("customer"), line.c.quantity > 0)
    .group_by(line.c.sku)
)


def find(unit: Unit, who: str) -> Customer:
    """
    The customer called *who*: a number of ours, an e-mail address, a telephone or card number,
    ``namespace:external_id``, or a name or the beginning of one.

    Raises:
        RecordNotFoundError: If nobody active is.
        SeveralError: If it could be more than one; never a guess.
    """
    text = who.strip()
    ids = _named(unit, text) if text else []
    named = {each.id for each in unit.customers.get_many(set(ids))}
    meant = {each.id: each for each in map(unit.customers.survivor, sorted(named))}
    found = [each for each in meant.values() if each.status == "active"]
    if not found and text:
        by_name = unit.customers.search(text, size=CHOICES)
        found = [each for each in by_name if each.status == "active"]
        exact = [each for each in found if each.name.casefold() == text.casefold()]
        found = exact or found
    if not found:
        raise RecordNotFoundError("customer", who)
    if len(found) > 1:
        raise SeveralError(text, [(each.id, each.name) for each in found[:CHOICES]])
    return found[0]


def _named(unit: Unit, text: str) -> list[int]:
    customers = unit.customers
    namespace, colon, external_id = text.partition(":")
    if "@" in text:
        return customers.ids_at("email", text)
    if colon:
        return list(customers.ids_of(namespace, [external_id]).values())
    ids: list[int] = []
    if text.isascii() and text.isdigit() and len(text) < 19:
        ids.append(int(text))
    for each in unit.settings(Settings).cards:
        ids += customers.ids_of(each, [text]).values()
    if any(each.isdigit() for each in text):
        ids += customers.ids_at("phone", text)
    return ids


def visits(unit: Unit, customer_id: int) -> tuple[datetime | None, datetime | None, int]:
    """Instants of the first and the last purchase, and how many there were."""
    first, last, count = unit.connection.execute(_VISITS, {"customer": customer_id}).one()
    return first, last, count


def bought(unit: Unit, customer_id: int) -> list[Favourite]:
    """Every article they bought, the most often bought first."""
    rows = unit.connection.execute(_BOUGHT, {"customer": customer_id}).mappings()
    no_goods = unit.settings(Settings).not_goods
    found = [
        Favourite(**{**row, "name": row["name"] or row["sku"]})
        for row in rows
        if row["sku"] not in no_goods
    ]
    return sorted(found, key=lambda each: (-each.times, -each.last_at.timestamp(), each.sku))


def told(unit: Unit, customer_id: int, *, notes: int = 3) -> list[Interaction]:
    """All tastes, questions and replies to offers, and the last *notes*; latest first."""
    theirs = sa.select(_I.id).where(_I.customer_id == customer_id)
    facts = theirs.where(_I.kind.in_([TASTE, ASKED, OFFERED]))
    heard = theirs.where(_I.kind == NOTE, _I.thread == "", _I.text != "")
    latest = heard.order_by(_I.at.desc(), _I.id.desc()).limit(notes).subquery()
    ids = unit.connection.scalars(sa.union_all(facts, sa.select(latest.c.id))).all()
    found = unit.interactions.get_many(ids)
    return sorted(found, key=lambda each: (each.at, each.id), reverse=True)
