"""The margin of single articles, and the cost of all goods added up once more, line by line."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import Count, Real, int_sum, interaction

from .books import booked_sources, contributed, refuse_mixed
from .config import Settings
from .costing import PURCHASES, bought, costed_lines
from .model import Period, Product
from .scoring import goods_minor


def products(unit: Unit, period: Period) -> list[Product]:
    """
    What every article brought in the period, the largest amount first.

    Of the lines of purchases alone, so that what was paid or taken off for an order as a whole is
    in no article's margin. Purchases that another book holds are left out.

    Raises:
        MixedCurrenciesError: If amounts or costs are in several currencies.
    """
    booked = booked_sources(contributed(unit, period))
    lines = costed_lines(period.since, period.until, booked).subquery().c
    known = lines.cost.is_not(None)
    select = sa.select(
        lines.sku,
        sa.func.max(lines.name).label("name"),
        sa.func.sum(lines.quantity).label("quantity"),
        int_sum(lines.amount_minor).label("amount_minor"),
        sa.func.coalesce(int_sum(lines.amount_minor, known), 0).label("costed_minor"),
        sa.func.coalesce(sa.func.sum(lines.cost), sa.literal(0.0, Real)).label("cost"),
        sa.cast(sa.func.count(lines.cost), Count).label("costed"),
        sa.cast(sa.func.count(), Count).label("lines"),
        *(
            each.label(name)
            for name, each in {
                "currency": sa.func.min(lines.currency),
                "last_currency": sa.func.max(lines.currency),
                "cost_currency": sa.func.min(lines.cost_currency),
                "last_cost_currency": sa.func.max(lines.cost_currency),
            }.items()
        ),
    ).group_by(lines.sku)
    rows = unit.connection.execute(select).all()
    refuse_mixed(
        each
        for row in rows
        for each in (row.currency, row.last_currency, row.cost_currency, row.last_cost_currency)
    )
    share = unit.settings(Settings).margin_share
    return sorted(
        (_product(row, share) for row in rows), key=lambda each: (-each.amount_minor, each.sku)
    )


def _product(row: Any, margin_share: float) -> Product:
    goods = goods_minor(row.amount_minor, 0, margin_share, row.costed_minor, row.cost)
    return Product(
        sku=row.sku,
        name=row.name,
        quantity=row.quantity,
        amount_minor=row.amount_minor,
        goods_minor=-int(goods),
        costed_share=row.costed / row.lines,
        currency=row.currency,
    )


def goods_by_line(unit: Unit, period: Period, booked: list[str]) -> int:
    """
    What all goods of the period cost, positive, added up in decimals outside the database: what
    :func:`reconcile` holds the statements against.
    """
    known: dict[int, Decimal] = defaultdict(Decimal)
    costed: dict[int, int] = defaultdict(int)
    paid: dict[int, int] = {}
    unknown: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for each in unit.connection.execute(costed_lines(period.since, period.until, booked)):
        if each.cost is None:
            unknown[each.interaction_id].append((each.customer_id, each.amount_minor))
            continue
        if each.interaction_id not in paid:
            paid[each.interaction_id] = each.paid_minor or 0
            costed[each.customer_id] += each.paid_minor or 0
        known[each.customer_id] += Decimal(repr(each.quantity)) * each.each_minor / each.per
    for purchase in paid:
        for customer_id, amount in unknown[purchase]:
            costed[customer_id] -= amount
    share = unit.settings(Settings).margin_share
    return sum(
        round((kept - costed[customer_id]) * (1 - share)) + round(round(known[customer_id], 6))
        for customer_id, kept in _kept(unit, period, booked)
    )


def _kept(unit: Unit, period: Period, booked: list[str]) -> list[Any]:
    """What each customer paid less what they got back."""
    told = interaction.c
    select = (
        sa.select(told.customer_id, sa.func.coalesce(int_sum(told.amount_minor), 0))
        .where(
            sa.or_(*(bought(kind, booked) for kind in PURCHASES)),
            told.at >= period.since,
            told.at < period.until,
        )
        .group_by(told.customer_id)
    )
    return list(unit.connection.execute(select))
