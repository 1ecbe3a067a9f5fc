"""Reads: whom somebody means, and what to know about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from crmkit import (
    Customer,
    InvalidValueError,
    Offer,
    RecordNotFoundError,
    RefusedError,
    Unit,
    ask,
)
from crmkit.sql import interaction, line

from .config import Question, Settings
from .model import Favourite, Noted, Prompt

ASKED = "counter.asked"
HEARD = ("note.heard", ASKED, "preference.heard")
ORDER = "purchase.order"
MOST_NAMES = 5


def who(unit: Unit, given: str) -> Customer:
    """
    Whom *given* means: a number, an address, an identity, or a name that only one has.

    Raises:
        RecordNotFoundError: If nobody is meant.
        RefusedError: If several are; it names them.
    """
    try:
        return unit.customers.find(given)
    except (InvalidValueError, RecordNotFoundError):
        found = unit.customers.search(given, size=MOST_NAMES + 1)
    if not found:
        raise RecordNotFoundError("customer", given)
    if len(found) > 1:
        told = ", ".join(f"{each.id} {each.name}" for each in found[:MOST_NAMES])
        more = " and others" if len(found) > MOST_NAMES else ""
        raise RefusedError(f"{given!r} may be {told}{more}; say the number")
    return found[0]


def prompt(unit: Unit, customer_id: int) -> Prompt:
    """
    What to know about a customer who has just come in.

    Raises:
        RecordNotFoundError: If there is none of that number.
    """
    settings = unit.settings(Settings)
    found = unit.customers.get(customer_id)
    known_since, orders, last = _history(unit, customer_id)
    silence = tuple(_silence(unit, customer_id))
    offers = () if silence else tuple(_open_offers(unit, customer_id))
    return Prompt(
        customer_id=found.id,
        name=found.name,
        known_since=known_since,
        orders=orders,
        last_order_at=last,
        silence=silence,
        favourites=tuple(_favourites(unit, customer_id, settings.favourites)),
        heard=tuple(_heard(unit, customer_id, settings.heard)),
        remarks=tuple(each.text for _, each in ask.describe(unit, [found])),
        offers=offers,
        question=None if silence else _question(unit, found, settings, orders),
    )


def _history(unit: Unit, customer_id: int) -> tuple[datetime | None, int, datetime | None]:
    told = interaction.c
    is_order = told.kind == ORDER
    select = sa.select(
        sa.func.min(told.at),
        sa.func.count().filter(is_order),
        sa.func.max(told.at).filter(is_order),
    ).where(told.customer_id == customer_id)
    first, orders, last = unit.connection.execute(select).one()
    return first, orders, last


def _favourites(unit: Unit, customer_id: int, size: int) -> Iterator[Favourite]:
    """What is in most of their orders; of two alike, what was bought later."""
    orders, last = sa.func.count(sa.distinct(line.c.interaction_id)), sa.func.max(interaction.c.at)
    select = (
        sa.select(line.c.sku, sa.func.max(line.c.name), orders, last)
        .join(interaction, interaction.c.id == line.c.interaction_id)
        .where(line.c.customer_id == customer_id, interaction.c.kind == ORDER)
        .group_by(line.c.sku)
        .order_by(orders.desc(), last.desc(), line.c.sku)
        .limit(size)
    )
    for sku, name, times, at in unit.connection.execute(select):
        yield Favourite(sku=sku, name=name, orders=times, last_at=at)


def _heard(unit: Unit, customer_id: int, size: int) -> Iterator[Noted]:
    told = interaction.c
    select = (
        sa.select(told.at, told.text)
        .where(told.customer_id == customer_id, told.kind.in_(HEARD), told.text != "")
        .order_by(told.at.desc(), told.id.desc())
        .limit(size)
    )
    for at, text in unit.connection.execute(select):
        yield Noted(at=at, text=text)


def _silence(unit: Unit, customer_id: int) -> Iterator[str]:
    """Who has been wronged, or wants no advertising, is served and not sold to."""
    if unit.crm.is_enabled("service"):
        from crmkit.plugins.operational import service

        for each in service.find(unit, customer_id=customer_id, unsolved=True):
            if each.kind == "complaint":
                since = f"{each.opened_at:%Y-%m-%d}"
                yield f"complaint {each.id} is open since {since}: {each.subject}"
    if unit.crm.is_enabled("consent"):
        from crmkit.plugins.foundation import consent

        if any(each.state == "objected" for each in consent.standing(unit, customer_id)):
            yield "objected to advertising: serve, and propose nothing"


def _open_offers(unit: Unit, customer_id: int) -> Iterator[Offer]:
    for each in unit.offers.open_of(customer_id):
        begins, ends = each.valid_from or unit.now, each.valid_until
        if begins <= unit.now and (ends is None or unit.now < ends):
            yield each


def _question(unit: Unit, found: Customer, settings: Settings, orders: int) -> Question | None:
    """The first that nobody has answered, that fits, and that nobody refused lately."""
    told = interaction.c
    select = sa.select(told.payload, told.at).where(
        told.customer_id == found.id, told.kind == ASKED
    )
    asked = [(row[0], row[1]) for row in unit.connection.execute(select)]
    if any(unit.now - at < timedelta(days=settings.ask_again_days) for _, at in asked):
        return None
    rest = timedelta(days=settings.refused_days)
    done = {
        payload["question"]
        for payload, at in asked
        if not payload.get("refused") or unit.now - at < rest
    }
    for each in settings.questions:
        fits = orders >= each.from_orders and not found.attributes.get(each.unless_attribute)
        if fits and each.name not in done:
            return each
    return None
