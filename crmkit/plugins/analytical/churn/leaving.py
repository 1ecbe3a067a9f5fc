"""What is known of contracts now, what was known before, and which have ended since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from crmkit import Scope
from crmkit.plugins.foundation.scoring import now_and_then
from crmkit.sql import Count, days_between, int_sum, interaction

from .config import Contracts

START, RENEWAL, END = "contract.start", "contract.renewal", "contract.end"
BEGUN: Final = (START, RENEWAL)


def features(settings: Contracts, scope: Scope) -> sa.Select[Any]:
    """
    One row per customer with a contract before ``scope.as_of``, also one that has ended.

    Columns: each of ``Contracts.columns`` as known now; the same with ``then_`` before it, as known
    ``horizon_days`` ago; ``runs``, 1 for whose contract runs now; ``was_known``, 1 for whose ran
    then; ``happened``, 1 for whose ran then and ended since. Attributes are as they are now.
    """
    cut = scope.as_of - timedelta(days=settings.horizon_days)
    now, then = _facts(settings, scope, scope.as_of), _facts(settings, scope, cut)
    since = _ends(scope, cut, scope.as_of).subquery()
    columns, source = now_and_then(settings, scope, now, then, since, {})
    return sa.select(
        now.c.customer_id,
        *columns,
        now.c.runs,
        sa.func.coalesce(then.c.runs, 0).label("was_known"),
        sa.func.coalesce(since.c.outcome, 0).label("happened"),
    ).select_from(source)


def outcome(scope: Scope, until: datetime) -> sa.Select[Any]:
    """1 for each customer whose contract ran at ``scope.as_of`` and ended before *until*."""
    ended = _ends(scope, scope.as_of, until).subquery()
    running = _running(scope, scope.as_of).subquery()
    return sa.select(ended).join(running, running.c.customer_id == ended.c.customer_id)


def _ends(scope: Scope, since: datetime, until: datetime) -> sa.Select[Any]:
    told = interaction.c
    return (
        sa.select(told.customer_id, sa.literal(1, Count).label("outcome"))
        .where(told.kind == END, told.at >= since, told.at < until, scope.covers(told.customer_id))
        .distinct()
    )


def _running(scope: Scope, at: datetime) -> sa.Select[Any]:
    told = interaction.c
    return (
        sa.select(told.customer_id)
        .where(told.kind.in_((*BEGUN, END)), told.at < at, scope.covers(told.customer_id))
        .group_by(told.customer_id)
        .having(_runs() == 1)
    )


def _runs() -> sa.ColumnElement[int]:
    """Whether a contract began or was renewed, and none has ended since."""
    told = interaction.c
    begun = sa.func.max(told.at).filter(told.kind.in_(BEGUN))
    ended = sa.func.max(told.at).filter(told.kind == END)
    return sa.case(
        (sa.and_(begun.is_not(None), sa.or_(ended.is_(None), ended < begun)), 1), else_=0
    )


def _facts(settings: Contracts, scope: Scope, until: datetime) -> sa.Subquery:
    told, counted = interaction.c, sa.func.count()
    recent = told.at >= until - timedelta(days=settings.history_days)
    is_order = told.kind == "purchase.order"
    is_ours = told.kind.in_((*BEGUN, END))

    def times(which: sa.ColumnElement[bool], label: str) -> sa.Label[Any]:
        return sa.cast(counted.filter(which), Count).label(label)

    heard = sa.func.max(sa.case((sa.not_(is_ours), told.at)))
    first = sa.func.min(told.at).filter(told.kind == START)
    return (
        sa.select(
            told.customer_id,
            days_between(first, until).label("tenure_days"),
            times(told.kind == RENEWAL, "renewals"),
            times(sa.and_(is_order, recent), "orders"),
            sa.func.coalesce(int_sum(told.amount_minor, recent), 0).label("revenue_minor"),
            days_between(sa.func.coalesce(heard, first), until).label("quiet_days"),
            *(
                times(sa.and_(told.kind == kind, recent), settings.column_of(kind))
                for kind in settings.kinds
            ),
            _runs().label("runs"),
        )
        .where(told.at < until, scope.covers(told.customer_id))
        .group_by(told.customer_id)
        .having(first.is_not(None))
        .subquery()
    )
