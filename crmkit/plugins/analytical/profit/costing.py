"""What the goods of purchases cost by the table of costs, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import Count, Real, int_sum, interaction, line

from .tables import profit_cost

PURCHASES: Final = ("purchase.order", "purchase.return")


def bought(kind: str, booked: Sequence[str]) -> sa.ColumnElement[bool]:
    """Interactions of that kind that no other book holds."""
    told = interaction.c
    of_kind = told.kind == kind
    return sa.and_(of_kind, told.source.not_in(booked)) if booked else of_kind


def costs(
    since: datetime, until: datetime, scope: Scope | None, booked: Sequence[str]
) -> sa.Select[Any]:
    """
    One row per customer with a purchase from *since* on and before *until* of which a line has a
    known cost.

    Columns: ``costed_minor``, what was paid for these purchases less their lines without a known
    cost; ``cost`` of the others in minor units, with a fraction; ``currency`` of the costs and,
    where there are several, ``other``. What goes back is negative.
    """
    each = _by_purchase(since, until, scope, booked).subquery().c
    return sa.select(
        each.customer_id,
        int_sum(each.paid_minor - each.unknown_minor).label("costed_minor"),
        sa.func.sum(each.cost).label("cost"),
        sa.func.min(each.currency).label("currency"),
        sa.func.max(each.other).label("other"),
    ).group_by(each.customer_id)


def _by_purchase(
    since: datetime, until: datetime, scope: Scope | None, booked: Sequence[str]
) -> sa.Select[Any]:
    lines = costed_lines(since, until, booked).subquery().c
    select = (
        sa.select(
            lines.customer_id,
            sa.func.coalesce(sa.func.max(lines.paid_minor), 0).label("paid_minor"),
            sa.func.coalesce(int_sum(lines.amount_minor, lines.cost.is_(None)), 0).label(
                "unknown_minor"
            ),
            sa.func.sum(lines.cost).label("cost"),
            sa.func.min(lines.cost_currency).label("currency"),
            sa.func.max(lines.cost_currency).label("other"),
        )
        .group_by(lines.interaction_id, lines.customer_id)
        .having(sa.func.count(lines.cost) > 0)
    )
    return select if scope is None else select.where(scope.covers(lines.customer_id))


def costed_lines(since: datetime, until: datetime, booked: Sequence[str] = ()) -> sa.Select[Any]:
    """
    Every line of the purchases from *since* on and before *until*.

    Columns: ``interaction_id``, ``customer_id``, ``paid_minor`` for the whole purchase, ``sku``,
    ``name``, ``quantity``, ``amount_minor``, ``currency``; and ``cost`` in minor units with
    ``cost_currency``, ``each_minor`` and ``per``, NULL where it is not known. A quantity has the
    sign of what was paid for it.
    """
    told, price = interaction.c, _costs_by_time().subquery().c
    size: sa.ColumnElement[float] = sa.func.abs(line.c.quantity, type_=Real)
    pieces = sa.case(
        (line.c.amount_minor < 0, -size), (line.c.amount_minor > 0, size), else_=line.c.quantity
    )
    holds = sa.and_(
        price.sku == line.c.sku,
        told.at >= price.since,
        sa.or_(price.until.is_(None), told.at < price.until),
    )
    each = sa.cast(price.amount_minor, Real) / sa.cast(price.per, Real)
    return (
        sa.select(
            line.c.interaction_id,
            line.c.customer_id,
            told.amount_minor.label("paid_minor"),
            line.c.sku,
            line.c.name,
            pieces.label("quantity"),
            line.c.amount_minor,
            line.c.currency,
            (pieces * each).label("cost"),
            price.currency.label("cost_currency"),
            sa.type_coerce(price.amount_minor, Count).label("each_minor"),
            sa.type_coerce(price.per, Count).label("per"),
        )
        .join_from(line, interaction, told.id == line.c.interaction_id)
        .outerjoin(price.sku.table, holds)
        .where(
            sa.or_(*(bought(kind, booked) for kind in PURCHASES)),
            told.at >= since,
            told.at < until,
        )
    )


def _costs_by_time() -> sa.Select[Any]:
    cost = profit_cost.c
    later = sa.func.lead(cost.since).over(partition_by=cost.sku, order_by=cost.since)
    return sa.select(
        cost.sku,
        cost.since,
        later.label("until"),
        cost.amount_minor,
        cost.per,
        cost.currency,
    )
