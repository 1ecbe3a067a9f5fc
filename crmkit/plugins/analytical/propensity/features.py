"""What is known of customers now, what was known before, and what has happened since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from crmkit import Scope
from crmkit.plugins.foundation.scoring import now_and_then
from crmkit.sql import (
    Count,
    days_between,
    int_sum,
    interaction,
)

from .config import Settings

ORDER: Final = "purchase.order"


def features(settings: Settings, scope: Scope) -> sa.Select[Any]:
    """
    One row per customer with an interaction before ``scope.as_of``.

    Columns: each of ``Settings.columns`` as known now; the same with ``then_`` before it, as known
    ``horizon_days`` ago; ``was_known``, 1 for who had an interaction by then; ``happened``, how
    often the event came since. Attributes are as they are now, in both.
    """
    cut = scope.as_of - timedelta(days=settings.horizon_days)
    now, then = _facts(settings, scope, scope.as_of), _facts(settings, scope, cut)
    since = _happened(settings, scope, cut)
    unknown = {"recency_days": settings.history_days, "known_days": settings.history_days}
    columns, source = now_and_then(settings, scope, now, then, since, unknown)
    return sa.select(
        now.c.customer_id,
        *columns,
        sa.case((then.c.customer_id.is_not(None), 1), else_=0).label("was_known"),
        sa.func.coalesce(since.c.happened, 0).label("happened"),
    ).select_from(source)


def outcome(settings: Settings, scope: Scope, until: datetime) -> sa.Select[Any]:
    """How often the event came from ``scope.as_of`` on and before *until*."""
    told = interaction.c
    return (
        sa.select(told.customer_id, sa.cast(sa.func.count(), Count).label("outcome"))
        .where(
            told.kind == settings.event,
            told.at >= scope.as_of,
            told.at < until,
            scope.covers(told.customer_id),
        )
        .group_by(told.customer_id)
    )


def _facts(settings: Settings, scope: Scope, until: datetime) -> sa.Subquery:
    told, is_order = interaction.c, interaction.c.kind == ORDER
    counted: Any = sa.func.count()
    recent = told.at >= until - timedelta(days=settings.history_days)
    return (
        sa.select(
            told.customer_id,
            sa.cast(counted.filter(sa.and_(is_order, recent)), Count).label("orders"),
            sa.func.coalesce(int_sum(told.amount_minor, recent), 0).label("revenue_minor"),
            days_between(sa.func.max(told.at).filter(is_order), until).label("recency_days"),
            days_between(sa.func.min(told.at), until).label("known_days"),
            *(
                sa.cast(counted.filter(sa.and_(told.kind == kind, recent)), Count).label(
                    settings.column_of(kind)
                )
                for kind in settings.kinds
            ),
        )
        .where(told.at < until, scope.covers(told.customer_id))
        .group_by(told.customer_id)
        .subquery()
    )


def _happened(settings: Settings, scope: Scope, since: datetime) -> sa.Subquery:
    told = interaction.c
    return (
        sa.select(told.customer_id, sa.cast(sa.func.count(), Count).label("happened"))
        .where(
            told.kind == settings.event,
            told.at >= since,
            told.at < scope.as_of,
            scope.covers(told.customer_id),
        )
        .group_by(told.customer_id)
        .subquery()
    )
