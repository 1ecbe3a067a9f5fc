"""What customers brought and cost in a time, in one pass over their interactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import Count, Real, Text, int_sum, interaction, offer

from .config import Activity, Settings, day
from .costing import bought, costs

MESSAGES = ("message.sent", "contact.message")


def facts(
    settings: Settings,
    since: datetime,
    until: datetime,
    scope: Scope | None = None,
    *,
    booked: Sequence[str] = (),
    costed: bool = False,
) -> sa.Select[Any]:
    """
    One row per customer with an interaction from *since* on and before *until*.

    Columns, in minor units where so named: ``revenue_minor``; ``returns_minor``, negative;
    ``costed_minor``, the part of both of which the cost of the goods is known, and ``cost``, what
    it is, positive, with a fraction; ``discount_minor``, the cost of offers that were accepted
    then; ``service_minor``, ``contacts`` and ``minutes`` of the activities; ``messages`` we sent;
    ``currency`` and, where there are several, ``other_currency``.

    Args:
        booked: Sources whose purchases do not count here, because another book holds them.
        costed: Whether to look into the table of costs; without it none is known.
    """
    told, offers = interaction.c, _accepted(since, until, scope)
    first, last = sa.func.min(offers.c.currency), sa.func.max(offers.c.other)
    currency = sa.func.coalesce(sa.func.min(told.currency), first)
    known = costs(since, until, scope, booked).subquery() if costed else None
    select = (
        sa.select(
            told.customer_id,
            _sum(told.amount_minor, bought("purchase.order", booked)).label("revenue_minor"),
            _sum(told.amount_minor, bought("purchase.return", booked)).label("returns_minor"),
            *_costed(known),
            sa.func.coalesce(sa.func.max(offers.c.cost), 0).label("discount_minor"),
            *_served(settings.activities),
            _count(told.kind.in_(MESSAGES), told.direction == "outbound").label("messages"),
            currency.label("currency"),
            _unlike(currency, sa.func.max(told.currency), first, last, *_paid_in(known)),
        )
        .select_from(_beside(offers, known))
        .where(told.at >= since, told.at < until)
        .group_by(told.customer_id)
    )
    return select if scope is None else select.where(scope.covers(told.customer_id))


def _beside(offers: sa.Subquery, known: sa.Subquery | None) -> sa.Join:
    told = interaction.c.customer_id
    joined = sa.outerjoin(interaction, offers, offers.c.customer_id == told)
    return joined if known is None else joined.outerjoin(known, known.c.customer_id == told)


def _costed(known: sa.Subquery | None) -> list[sa.ColumnElement[Any]]:
    if known is None:
        found: list[sa.ColumnElement[Any]] = [sa.literal(0, Count), sa.literal(0.0, Real)]
    else:
        found = [
            sa.func.coalesce(sa.func.max(known.c.costed_minor), 0),
            sa.func.coalesce(sa.func.max(known.c.cost), sa.literal(0.0, Real)),
        ]
    return [found[0].label("costed_minor"), found[1].label("cost")]


def _paid_in(known: sa.Subquery | None) -> list[sa.ColumnElement[Any]]:
    """The currencies in which goods were paid for."""
    if known is None:
        return []
    return [sa.func.min(known.c.currency), sa.func.max(known.c.other)]


def _accepted(since: datetime, until: datetime, scope: Scope | None) -> sa.Subquery:
    """What the offers cost us that a customer answered in the time."""
    answer = interaction.alias()
    select = (
        sa.select(
            offer.c.customer_id,
            int_sum(offer.c.cost_minor).label("cost"),
            sa.func.min(offer.c.currency).label("currency"),
            sa.func.max(offer.c.currency).label("other"),
        )
        .join(answer, answer.c.id == offer.c.answered_by)
        .where(
            offer.c.status == "accepted",
            offer.c.cost_minor > 0,
            answer.c.at >= since,
            answer.c.at < until,
        )
        .group_by(offer.c.customer_id)
    )
    return (select if scope is None else select.where(scope.covers(offer.c.customer_id))).subquery()


def _served(activities: Sequence[Activity]) -> list[sa.ColumnElement[Any]]:
    """Cost, number and minutes of all activities."""
    cost: sa.ColumnElement[int] = sa.literal(0, Count)
    contacts: sa.ColumnElement[int] = sa.literal(0, Count)
    minutes: sa.ColumnElement[float] = sa.literal(0.0, Real)
    for each in activities:
        count = _count(*_conditions(each))
        cost = cost + count * each.cost_minor
        contacts = contacts + count
        minutes = minutes + sa.cast(count, Real) * each.minutes
    return [cost.label("service_minor"), contacts.label("contacts"), minutes.label("minutes")]


def _conditions(activity: Activity) -> list[sa.ColumnElement[bool]]:
    told = interaction.c
    found: list[sa.ColumnElement[bool]] = [told.kind == activity.kind]
    if activity.channel:
        found.append(told.channel == activity.channel)
    if activity.direction:
        found.append(told.direction == activity.direction)
    if activity.by != "anybody":
        found.append(told.machine == (activity.by == "machines"))
    if activity.since:
        found.append(told.at >= day("since", activity.since))
    if activity.until:
        found.append(told.at < day("until", activity.until))
    return found


def _sum(column: sa.Column[Any], where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(int_sum(column, where), 0)


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    counted: Any = sa.func.count()
    found: sa.ColumnElement[int] = sa.cast(counted.filter(sa.and_(*conditions)), Count)
    return found


def _unlike(usual: sa.ColumnElement[str], *others: sa.ColumnElement[Any]) -> sa.Label[Any]:
    """Another currency than the *usual* one, if there is one."""
    found = sa.func.coalesce(*(sa.func.nullif(each, usual) for each in others))
    return sa.type_coerce(found, Text).label("other_currency")
