"""What lifetime value looks at: days on which a customer bought, and what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import Count, Real, Text, epoch_day, int_sum, interaction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def features(scope: Scope) -> sa.Select[Any]:
    """
    One row per customer with an order before ``scope.as_of``.

    Orders of one day (UTC) are one purchase. The last day seen is that of the last instant before
    ``as_of``. Columns: ``frequency`` purchase days after the first; ``recency_days`` from the first
    to the last of them; ``age_days`` from the first to the last day seen; ``priced_days`` those
    after the first with a known amount and ``repeat_minor`` their amounts; ``gross_minor`` the
    amounts of all orders, ``returned_minor`` of all returns (negative); ``currency`` and, where
    there are several, ``other_currency``.
    """
    day = _days(scope).c
    born = sa.func.min(day.born)
    is_repeat = day.bought_on > day.born
    currency, highest = sa.func.min(day.currency), sa.func.max(day.other_currency)
    return (
        sa.select(
            day.customer_id,
            (sa.func.count(day.bought_on) - 1).label("frequency"),
            (sa.func.max(day.bought_on) - born).label("recency_days"),
            (sa.literal(last_day_seen(scope.as_of), Count) - born).label("age_days"),
            sa.func.count(day.amount).filter(is_repeat).label("priced_days"),
            _or_zero(int_sum(day.amount, is_repeat)).label("repeat_minor"),
            _or_zero(int_sum(day.amount)).label("gross_minor"),
            _or_zero(int_sum(day.returned)).label("returned_minor"),
            currency.label("currency"),
            sa.type_coerce(sa.func.nullif(highest, currency), Text).label("other_currency"),
        )
        .group_by(day.customer_id)
        .having(sa.func.count(day.bought_on) > 0)
    )


def last_day_seen(as_of: datetime) -> int:
    """The day (UTC) of the last instant before *as_of*, in days since 1970."""
    return (as_of - timedelta(microseconds=1) - _EPOCH).days


def order_days(scope: Scope) -> sa.Select[Any]:
    """
    Every day (UTC) before ``scope.as_of`` on which a customer ordered: ``customer_id``, the ``day``
    and that of their first order ``born``, both in days since 1970.
    """
    day = _days(scope).c
    return sa.select(day.customer_id, day.bought_on.label("day"), day.born).where(
        day.bought_on.is_not(None)
    )


def paid(scope: Scope, until: datetime, margin_share: float) -> sa.Select[Any]:
    """
    The margin of what customers paid, and got back, from ``scope.as_of`` on and before *until*.

    Not discounted; in minor units.
    """
    both = ["purchase.order", "purchase.return"]
    kept = sa.cast(_or_zero(int_sum(interaction.c.amount_minor)), Real) * margin_share
    return _between(scope, until, both, kept)


def bought(scope: Scope, until: datetime) -> sa.Select[Any]:
    """How often customers ordered from ``scope.as_of`` on and before *until*."""
    return _between(scope, until, ["purchase.order"], sa.func.count())


def _between(
    scope: Scope, until: datetime, kinds: Sequence[str], what: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    facts = interaction.c
    return (
        sa.select(facts.customer_id, what.label("outcome"))
        .where(
            facts.kind.in_(kinds),
            facts.at >= scope.as_of,
            facts.at < until,
            scope.covers(facts.customer_id),
        )
        .group_by(facts.customer_id)
    )


def _days(scope: Scope) -> sa.Subquery:
    """One row per customer and day with an order or a return, and when the customer was born."""
    facts = interaction.c
    is_order, is_return = facts.kind == "purchase.order", facts.kind == "purchase.return"
    daily = (
        sa.select(
            facts.customer_id,
            epoch_day(facts.at).label("day"),
            sa.func.count().filter(is_order).label("orders"),
            int_sum(facts.amount_minor, is_order).label("amount"),
            int_sum(facts.amount_minor, is_return).label("returned"),
            sa.func.min(facts.currency).label("currency"),
            sa.func.max(facts.currency).label("other_currency"),
        )
        .where(
            facts.kind.in_(["purchase.order", "purchase.return"]),
            facts.at < scope.as_of,
            scope.covers(facts.customer_id),
        )
        .group_by(facts.customer_id, epoch_day(facts.at))
        .subquery()
    )
    bought_on = sa.case((daily.c.orders > 0, daily.c.day))
    born = sa.func.min(bought_on).over(partition_by=daily.c.customer_id)
    return sa.select(daily, bought_on.label("bought_on"), born.label("born")).subquery()


def _or_zero(total: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(total, 0)
