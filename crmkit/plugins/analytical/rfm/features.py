"""What RFM looks at, in one pass over the covering index of interactions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import days_between, int_sum, interaction


def features(scope: Scope) -> sa.Select[Any]:
    """
    One row per customer with an order before ``scope.as_of``.

    Columns: ``recency_days`` whole days since the last order; ``frequency`` number of orders;
    ``monetary_minor`` orders plus returns, whose amounts are negative; ``currencies`` NULL where
    all amounts are in the currency of the book's first order, else that one and another.
    """
    orders = _of_kind("purchase.order", scope)
    returns = _of_kind("purchase.return", scope)
    return sa.select(
        orders.c.customer_id,
        days_between(orders.c.last_at, scope.as_of).label("recency_days"),
        orders.c.frequency,
        (sa.func.coalesce(orders.c.amount, 0) + sa.func.coalesce(returns.c.amount, 0)).label(
            "monetary_minor"
        ),
        sa.func.coalesce(orders.c.currencies, returns.c.currencies).label("currencies"),
    ).outerjoin(returns, returns.c.customer_id == orders.c.customer_id)


def outcome(scope: Scope, until: datetime) -> sa.Select[Any]:
    """What customers paid from ``scope.as_of`` on and before *until*, in minor units."""
    facts = interaction.c
    return (
        sa.select(
            facts.customer_id, sa.func.coalesce(int_sum(facts.amount_minor), 0).label("outcome")
        )
        .where(
            facts.kind == "purchase.order",
            facts.at >= scope.as_of,
            facts.at < until,
            scope.covers(facts.customer_id),
        )
        .group_by(facts.customer_id)
    )


def _of_kind(kind: str, scope: Scope) -> sa.Subquery:
    first = sa.alias(interaction)
    usual = (
        sa.select(first.c.currency)
        .where(
            first.c.kind == "purchase.order",
            first.c.at < scope.as_of,
            first.c.currency.is_not(None),
        )
        .limit(1)
        .scalar_subquery()
    )
    facts = interaction.c
    both = sa.func.max(usual + " and " + facts.currency)
    return (
        sa.select(
            facts.customer_id,
            sa.func.max(facts.at).label("last_at"),
            sa.func.count().label("frequency"),
            int_sum(facts.amount_minor).label("amount"),
            both.filter(facts.currency != usual).label("currencies"),
        )
        .where(facts.kind == kind, facts.at < scope.as_of, scope.covers(facts.customer_id))
        .group_by(facts.customer_id)
        .subquery()
    )
