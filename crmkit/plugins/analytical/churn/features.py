"""When customers ordered, and who did not order again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import (
    Count,
    Real,
    days_between,
    epoch_day,
    interaction,
    year_month,
)

ORDER = "purchase.order"


def gone(scope: Scope, until: datetime) -> sa.Select[Any]:
    """1 for each customer with an order before ``scope.as_of`` and none from then until *until*."""
    told, later = interaction.c, interaction.alias().c
    again = sa.exists().where(
        later.customer_id == told.customer_id,
        later.kind == ORDER,
        later.at >= scope.as_of,
        later.at < until,
    )
    return (
        sa.select(told.customer_id, sa.literal(1, Count).label("outcome"))
        .where(told.kind == ORDER, told.at < scope.as_of, scope.covers(told.customer_id), ~again)
        .distinct()
    )


def pauses(scope: Scope) -> sa.Select[Any]:
    """
    One row per customer with an order: ``away_days`` since the last one, and ``pause_days``, the
    mean number of days between their order days; NULL for one day only.
    """
    told = interaction.c
    days = sa.func.count(sa.distinct(epoch_day(told.at)))
    span = epoch_day(sa.func.max(told.at)) - epoch_day(sa.func.min(told.at))
    return (
        sa.select(
            told.customer_id,
            days_between(sa.func.max(told.at), scope.as_of).label("away_days"),
            sa.case((days > 1, sa.cast(span, Real) / (days - 1))).label("pause_days"),
        )
        .where(told.kind == ORDER, told.at < scope.as_of, scope.covers(told.customer_id))
        .group_by(told.customer_id)
    )


def cohorts(scope: Scope) -> sa.Select[Any]:
    """
    ``born``, the month of a customer's first order as 202601; ``month``, one in which they ordered;
    ``customers``, how many they are.
    """
    told = interaction.c
    monthly = (
        sa.select(told.customer_id, year_month(told.at).label("month"))
        .where(told.kind == ORDER, told.at < scope.as_of, scope.covers(told.customer_id))
        .distinct()
        .subquery()
        .c
    )
    first = sa.func.min(monthly.month).over(partition_by=monthly.customer_id)
    lived = sa.select(first.label("born"), monthly.month).subquery().c
    return (
        sa.select(lived.born, lived.month, sa.func.count().label("customers"))
        .group_by(lived.born, lived.month)
        .order_by(lived.born, lived.month)
    )


def contracts(scope: Scope) -> sa.Select[Any]:
    """When each customer's first contract began, and when their last one ended, if it did."""
    told = interaction.c
    began = sa.func.min(told.at).filter(told.kind == "contract.start")
    last_begun = sa.func.max(told.at).filter(told.kind.in_(("contract.start", "contract.renewal")))
    ended = sa.func.max(told.at).filter(told.kind == "contract.end")
    return (
        sa.select(
            told.customer_id,
            began.label("since"),
            sa.case((ended > last_begun, ended)).label("until"),
        )
        .where(
            told.kind.in_(("contract.start", "contract.renewal", "contract.end")),
            told.at < scope.as_of,
            scope.covers(told.customer_id),
        )
        .group_by(told.customer_id)
        .having(began.is_not(None))
    )
