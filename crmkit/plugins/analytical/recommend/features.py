"""What customers bought and kept, item by item."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import Count, Instant, epoch_day, int_sum, interaction, line

ORDER, RETURN = "purchase.order", "purchase.return"


def purchases(scope: Scope, history_days: int, since: datetime | None = None) -> sa.Select[Any]:
    """
    One row per customer and item they bought in the time before ``scope.as_of``.

    Columns: ``sku``; ``name``; ``last_day`` since 1970; ``days`` on which it was bought, less those
    on which it went back; ``quantity`` and ``amount_minor`` of the orders; ``currency``.

    Args:
        since: From this instant on; default *history_days* before.
    """
    facts, lines = interaction.c, line.c
    begin = scope.as_of - timedelta(days=history_days) if since is None else since
    is_order = facts.kind == ORDER
    day = epoch_day(facts.at)
    bought = sa.func.count(sa.distinct(sa.case((is_order, day))))
    returned = sa.func.count(sa.distinct(sa.case((facts.kind == RETURN, day))))
    return (
        sa.select(
            lines.customer_id,
            lines.sku,
            sa.func.max(lines.name).label("name"),
            sa.func.max(sa.case((is_order, day))).label("last_day"),
            sa.cast(bought - returned, Count).label("days"),
            sa.func.coalesce(sa.func.sum(sa.case((is_order, lines.quantity))), 0).label("quantity"),
            sa.func.coalesce(int_sum(lines.amount_minor, is_order), 0).label("amount_minor"),
            sa.func.max(lines.currency).label("currency"),
        )
        .join(interaction, facts.id == lines.interaction_id)
        .where(
            facts.kind.in_((ORDER, RETURN)),
            facts.at >= sa.literal(begin, Instant()),
            facts.at < scope.as_of,
            scope.covers(lines.customer_id),
        )
        .group_by(lines.customer_id, lines.sku)
        .having(bought > returned)
    )


def baskets(scope: Scope, history_days: int) -> sa.Select[Any]:
    """The items of each order before ``scope.as_of``: ``interaction_id`` and ``sku``."""
    begin = scope.as_of - timedelta(days=history_days)
    facts = interaction.c
    return (
        sa.select(line.c.interaction_id, line.c.sku)
        .join(interaction, facts.id == line.c.interaction_id)
        .where(
            facts.kind == ORDER,
            facts.at >= sa.literal(begin, Instant()),
            facts.at < scope.as_of,
            scope.covers(line.c.customer_id),
        )
        .order_by(line.c.interaction_id)
    )
