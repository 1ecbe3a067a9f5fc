"""What customers of a run did after they were assigned, and before; and what they touched."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from crmkit import Scope
from crmkit.plugins.foundation.decisions import assignment_table, decision_table
from crmkit.sql import Count, customer, days_between, epoch_micros, int_sum, interaction, offer

ORDER, RETURN = "purchase.order", "purchase.return"
DAY: Final = 86_400_000_000
LEAST_IN_ARM: Final = 50
"""Customers each arm needs before single customers are told apart."""
_D, _A = decision_table.c, assignment_table.c


def outcomes(
    run: Any, until: datetime, *, kind: str = ORDER, window_days: int | None = None,
    before_days: int = 365,
) -> sa.Select[Any]:  # fmt: skip
    """
    One row per customer of *run* in an arm, whoever got to see the offer or not.

    Counted are people's interactions, not machines', on every channel, in the currency of the
    decision: from the decision to the end of its window, *window_days* after it or *until*,
    whichever comes first. The columns ``then_...`` are from the *before_days* before the customer
    was assigned to an arm for good, which may have been in an earlier run.
    """
    fact = interaction.alias("fact")
    whole = _facts(fact, until, kind, window_days, before_days)
    facts = sa.and_(
        fact.c.customer_id == _D.customer_id,
        fact.c.kind.in_((ORDER, RETURN, kind)),
        fact.c.machine.is_(sa.false()),
        fact.c.at < until,
    )
    taken = sa.case((offer.c.status == "accepted", offer.c.cost_minor), else_=0)
    return (
        sa.select(
            _D.customer_id,
            sa.cast(sa.func.max(sa.case((_D.arm == "treatment", 1), else_=0)), Count).label("arm"),
            sa.func.max(_D.at).label("at"),
            sa.func.max(_D.window_until).label("window_until"),
            sa.func.max(_A.at).label("assigned_at"),
            sa.func.max(_D.policy_version).label("policy_version"),
            sa.func.max(_D.currency).label("currency"),
            sa.cast(sa.func.coalesce(sa.func.max(taken), 0), Count).label("offer_cost_minor"),
            *(sa.func.coalesce(each, 0).label(name) for name, each in whole.items()),
        )
        .select_from(decision_table)
        .join(
            assignment_table, (_A.customer_id == _D.customer_id) & (_A.experiment == _D.experiment)
        )
        .outerjoin(offer, offer.c.id == _D.offer_id)
        .outerjoin(fact, facts)
        .where(_D.run == run, _D.arm.in_(("treatment", "control")))
        .group_by(_D.customer_id)
        .order_by(_D.customer_id)
    )


def _facts(
    fact: Any, until: datetime, kind: str, window_days: int | None, before_days: int
) -> dict[str, sa.ColumnElement[Any]]:
    """What is counted of each customer, by column."""
    within = sa.and_(fact.c.at >= _D.at, fact.c.at < _D.window_until, fact.c.at < until)
    if window_days is not None:
        within = sa.and_(within, epoch_micros(fact.c.at) < epoch_micros(_D.at) + window_days * DAY)
    before = sa.and_(
        fact.c.at < _A.at, epoch_micros(fact.c.at) >= epoch_micros(_A.at) - before_days * DAY
    )
    bought, ordered = fact.c.kind.in_((ORDER, RETURN)), fact.c.kind == ORDER
    paid = sa.and_(bought, fact.c.currency == _D.currency)
    elsewhere = sa.and_(bought, fact.c.currency != _D.currency, within)
    last = sa.func.max(fact.c.at).filter(sa.and_(ordered, before))
    recency = sa.func.coalesce(days_between(last, sa.func.max(_A.at)), before_days)
    return {
        "revenue_minor": int_sum(fact.c.amount_minor, sa.and_(paid, within)),
        "orders": _count(sa.and_(ordered, within)),
        "events": _count(sa.and_(fact.c.kind == kind, within)),
        "elsewhere": _count(elsewhere),
        "then_revenue_minor": int_sum(fact.c.amount_minor, sa.and_(paid, before)),
        "then_orders": _count(sa.and_(ordered, before)),
        "then_recency_days": recency,
    }


def overlapping(run: str) -> sa.Select[Any]:
    """How many treated customers of *run* got an offer of another run within the same time."""
    other = decision_table.alias("other")
    return (
        sa.select(sa.func.count(sa.distinct(_D.customer_id)))
        .join(other, other.c.customer_id == _D.customer_id)
        .where(
            _D.run == run, _D.arm == "treatment", other.c.run != run, other.c.arm == "treatment",
            other.c.at < _D.window_until, other.c.window_until > _D.at,
        )
    )  # fmt: skip


def touches(kind: str, since: datetime, until: datetime) -> sa.Select[Any]:
    """Conversions of *kind*, and what people and we did on some channel before, in order."""
    c = interaction.c
    is_conversion = sa.case((c.kind == kind, 1), else_=0).label("converts")
    return (
        sa.select(c.customer_id, c.at, c.channel, is_conversion)
        .where(
            c.machine.is_(sa.false()), c.at >= since, c.at < until,
            sa.or_(c.kind == kind, sa.and_(c.channel != "", c.kind.not_in((ORDER, RETURN)))),
        )
        .order_by(c.customer_id, c.at, c.id)
    )  # fmt: skip


def uplift(scope: Scope, before_days: int = 365) -> sa.Select[Any]:
    """
    One row per customer: their last year now, and what they did in the experiment learnt from.

    The experiment is the run whose windows ended last, all of them before ``scope.as_of``, with at
    least fifty customers in each arm. ``arm`` is 1, 0 for held out, -1 for who was not in it.
    """
    found = outcomes(_last_run(scope.as_of), scope.as_of, before_days=before_days).subquery()
    now = _now(scope, before_days)
    then = ("then_orders", "then_revenue_minor", "then_recency_days")
    return (
        sa.select(
            customer.c.id.label("customer_id"),
            sa.func.coalesce(found.c.arm, -1).label("arm"),
            sa.func.coalesce(found.c.revenue_minor, 0).label("outcome_minor"),
            sa.func.coalesce(now.c.orders, 0).label("orders"),
            sa.func.coalesce(now.c.revenue_minor, 0).label("revenue_minor"),
            sa.func.coalesce(now.c.recency_days, before_days).label("recency_days"),
            *(sa.func.coalesce(found.c[name], 0).label(name) for name in then),
        )
        .outerjoin(now, now.c.customer_id == customer.c.id)
        .outerjoin(found, found.c.customer_id == customer.c.id)
        .where(scope.covers(customer.c.id))
        .order_by(customer.c.id)
    )


def came(scope: Scope, until: datetime) -> sa.Select[Any]:
    """
    ``customer_id``, ``outcome`` in minor units and ``arm`` of the first run from ``scope.as_of``
    on whose windows ended before *until*, with at least fifty customers drawn since then into each
    arm: only of these, because what others did before is an effect of their arm already.
    """
    found = outcomes(_next_run(scope.as_of, until), until).subquery().c
    return sa.select(
        found.customer_id, sa.cast(found.revenue_minor, Count).label("outcome"), found.arm
    ).where(found.assigned_at >= scope.as_of, scope.covers(found.customer_id))


def _next_run(since: datetime, until: datetime) -> sa.ScalarSelect[Any]:
    d, drawn = decision_table.alias("next_of").c, assignment_table.alias("drawn_of")
    theirs = (drawn.c.customer_id == d.customer_id) & (drawn.c.experiment == d.experiment)
    return (
        sa.select(d.run)
        .join(drawn, theirs)
        .where(d.arm.in_(("treatment", "control")), drawn.c.at >= since)
        .group_by(d.run)
        .having(
            sa.func.min(d.at) >= since,
            sa.func.max(d.window_until) <= until,
            _count(d.arm == "control") >= LEAST_IN_ARM,
            _count(d.arm == "treatment") >= LEAST_IN_ARM,
        )
        .order_by(sa.func.min(d.at), d.run)
        .limit(1)
        .scalar_subquery()
    )


def _now(scope: Scope, before_days: int) -> sa.Subquery:
    c = interaction.c
    ordered = c.kind == ORDER
    last = sa.func.max(c.at).filter(ordered)
    return (
        sa.select(
            c.customer_id,
            _count(ordered).label("orders"),
            int_sum(c.amount_minor).label("revenue_minor"),
            days_between(last, scope.as_of).label("recency_days"),
        )
        .where(
            c.kind.in_((ORDER, RETURN)), c.machine.is_(sa.false()), scope.covers(c.customer_id),
            c.at < scope.as_of, c.at >= scope.as_of - timedelta(days=before_days),
        )
        .group_by(c.customer_id)
        .subquery()
    )  # fmt: skip


def _last_run(as_of: datetime) -> sa.ScalarSelect[Any]:
    d = decision_table.alias("run_of").c
    return (
        sa.select(d.run)
        .where(d.arm.in_(("treatment", "control")), d.at < as_of)
        .group_by(d.run)
        .having(
            sa.func.max(d.window_until) <= as_of,
            _count(d.arm == "control") >= LEAST_IN_ARM,
            _count(d.arm == "treatment") >= LEAST_IN_ARM,
        )
        .order_by(sa.func.max(d.window_until).desc(), d.run.desc())
        .limit(1)
        .scalar_subquery()
    )


def _count(where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((where, 1)))
