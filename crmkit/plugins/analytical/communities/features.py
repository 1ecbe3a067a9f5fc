"""What communities look at: who bought what, when and how."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import epoch_day, epoch_micros, int_div, interaction, line

HOUR = 3_600_000_000
"""Microseconds."""


def buyers(scope: Scope, since: datetime) -> sa.Select[Any]:
    """Column ``customer_id``: who ordered products."""
    return (
        sa.select(line.c.customer_id)
        .join(interaction, interaction.c.id == line.c.interaction_id)
        .where(_ordered(scope, since), scope.covers(line.c.customer_id))
        .distinct()
    )


def products(scope: Scope, since: datetime) -> sa.Select[Any]:
    """Columns ``customer_id`` and ``sku``: each product a customer ordered, once."""
    return (
        sa.select(line.c.customer_id, line.c.sku)
        .join(interaction, interaction.c.id == line.c.interaction_id)
        .where(_ordered(scope, since), scope.covers(line.c.customer_id))
        .distinct()
    )


def moments(scope: Scope, since: datetime) -> sa.Select[Any]:
    """
    How many orders a customer placed on each weekday, in each quarter of the day, by each channel.

    Columns: ``customer_id``; ``weekday`` 0 is Monday; ``quarter`` 0 is 0 to 6 o'clock, both in UTC;
    ``channel``; ``orders``.
    """
    facts = interaction.c
    each = (
        sa.select(
            facts.customer_id,
            ((epoch_day(facts.at) + 3) % 7).label("weekday"),
            (int_div(epoch_micros(facts.at), 6 * HOUR) % 4).label("quarter"),
            facts.channel,
        )
        .where(_ordered(scope, since), scope.covers(facts.customer_id))
        .subquery()
    )
    return sa.select(*each.c, sa.func.count().label("orders")).group_by(*each.c)


def baskets(scope: Scope, since: datetime) -> sa.Select[Any]:
    """Columns ``customer_id``, ``orders`` that have lines, and their ``lines``."""
    return (
        sa.select(
            line.c.customer_id,
            sa.func.count(line.c.interaction_id.distinct()).label("orders"),
            sa.func.count().label("lines"),
        )
        .join(interaction, interaction.c.id == line.c.interaction_id)
        .where(_ordered(scope, since), scope.covers(line.c.customer_id))
        .group_by(line.c.customer_id)
    )


def returners(scope: Scope, since: datetime) -> sa.Select[Any]:
    """Column ``customer_id``: who sent goods back."""
    facts = interaction.c
    return (
        sa.select(facts.customer_id)
        .where(
            facts.kind == "purchase.return",
            facts.at >= since,
            facts.at < scope.as_of,
            scope.covers(facts.customer_id),
        )
        .distinct()
    )


def _ordered(scope: Scope, since: datetime) -> sa.ColumnElement[bool]:
    facts = interaction.c
    return sa.and_(facts.kind == "purchase.order", facts.at >= since, facts.at < scope.as_of)
