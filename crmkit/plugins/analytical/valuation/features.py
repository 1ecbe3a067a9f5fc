"""What was given to customers, what they will be worth, and what kind of buyer they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.plugins.analytical import profit
from crmkit.plugins.foundation import scoring
from crmkit.sql import Count, Real, Text, days_between, int_div, int_sum, interaction

from .config import Settings

WORTH = "clv"


def features(settings: Settings, costs: profit.Settings, scope: Scope) -> sa.Select[Any]:
    """
    One row per customer with a score ``clv``.

    Columns, in minor units where so named: ``expected_minor`` with ``low_minor`` and
    ``high_minor``, as last scored; ``service_minor``, ``discount_minor``, ``minutes`` and
    ``messages`` given in the window; ``order_minor``, the mean of their orders; ``known_days``
    since the first; ``currency`` and, where there are several, ``other_currency``.
    """
    score, ordered = scoring.score_table.c, _orders(scope)
    since = scope.as_of - timedelta(days=settings.window_days)
    told = profit.facts(costs, since, scope.as_of, scope).subquery()
    orders, given = ordered.c, told.c
    counted = {
        name: sa.func.coalesce(given[name], 0)
        for name in ("service_minor", "discount_minor", "messages")
    }
    return (
        sa.select(
            score.customer_id,
            score.value.label("expected_minor"),
            sa.func.coalesce(score.low, score.value).label("low_minor"),
            sa.func.coalesce(score.high, score.value).label("high_minor"),
            *(column.label(name) for name, column in counted.items()),
            sa.func.coalesce(given.minutes, sa.literal(0.0, Real)).label("minutes"),
            orders.order_minor,
            orders.known_days,
            given.currency,
            sa.type_coerce(given.other_currency, Text).label("other_currency"),
        )
        .join(ordered, orders.customer_id == score.customer_id)
        .outerjoin(told, given.customer_id == score.customer_id)
        .where(score.scorer == WORTH, scope.covers(score.customer_id))
    )


def _orders(scope: Scope) -> sa.Subquery:
    facts = interaction.c
    return (
        sa.select(
            facts.customer_id,
            sa.func.coalesce(
                int_div(int_sum(facts.amount_minor), sa.func.count(facts.amount_minor)),
                sa.literal(0, Count),
            ).label("order_minor"),
            days_between(sa.func.min(facts.at), scope.as_of).label("known_days"),
        )
        .where(
            facts.kind == "purchase.order", facts.at < scope.as_of, scope.covers(facts.customer_id)
        )
        .group_by(facts.customer_id)
        .subquery()
    )
