"""Where customers stand in their life with us, as segments a policy can name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import Scope, Segment
from crmkit.sql import Instant, Text, customer, interaction

from .config import Settings
from .model import DIRECTIONS
from .tables import lifecycle_answer, lifecycle_objective, lifecycle_referral

PROMOTER = 9


def segments(settings: Settings) -> list[Segment]:
    """The segments of one life, and those of each direction."""
    new, lapsed = timedelta(days=settings.new_days), timedelta(days=settings.lapsed_days)

    def bought(scope: Scope) -> sa.Select[Any]:
        return _bought(scope, new, lapsed)

    summaries = {
        "newcomers": f"Bought for the first time within the last {settings.new_days} days.",
        "regulars": f"Known longer, and bought within the last {settings.lapsed_days} days.",
        "lapsed": f"Have not bought for {settings.lapsed_days} days.",
    }
    return [
        Segment(name="lifecycle.prospects", summary="Never bought.", members=_prospects),
        *(
            Segment(name=f"lifecycle.{name}", summary=summary, members=bought)
            for name, summary in summaries.items()
        ),
        Segment(
            name="lifecycle.advocates",
            summary="Sent us somebody, or would: 9 or 10 when last asked.",
            members=_advocates,
        ),
        *(
            Segment(
                name=f"lifecycle.{direction}",
                summary=f"Whom the policy wants to {direction}; see `crmkit lifecycle assign`.",
                members=_directed,
            )
            for direction in DIRECTIONS
        ),
    ]


def _orders(scope: Scope) -> sa.Subquery:
    facts = interaction.c
    return (
        sa.select(
            facts.customer_id,
            sa.func.min(facts.at).label("first_at"),
            sa.func.max(facts.at).label("last_at"),
        )
        .where(
            facts.kind == "purchase.order", facts.at < scope.as_of, scope.covers(facts.customer_id)
        )
        .group_by(facts.customer_id)
        .subquery()
    )


def _prospects(scope: Scope) -> sa.Select[Any]:
    ordered = sa.exists().where(
        interaction.c.customer_id == customer.c.id,
        interaction.c.kind == "purchase.order",
        interaction.c.at < scope.as_of,
    )
    return sa.select(customer.c.id.label("customer_id"), _said("never bought").label("why")).where(
        ~ordered, scope.covers(customer.c.id)
    )


def _bought(scope: Scope, new: timedelta, lapsed: timedelta) -> sa.Select[Any]:
    orders = _orders(scope).c
    is_lapsed = orders.last_at < sa.literal(scope.as_of - lapsed, Instant())
    is_new = orders.first_at >= sa.literal(scope.as_of - new, Instant())
    stage = sa.case(
        (is_lapsed, _said("lifecycle.lapsed")),
        (is_new, _said("lifecycle.newcomers")),
        else_=_said("lifecycle.regulars"),
    )
    why = sa.case(
        (is_lapsed, _said(f"no order for {lapsed.days} days")),
        (is_new, _said(f"first order within {new.days} days")),
        else_=_said(f"an order within {lapsed.days} days"),
    )
    return sa.select(orders.customer_id, why.label("why"), stage.label("segment"))


def _advocates(scope: Scope) -> sa.Select[Any]:
    sent, said = lifecycle_referral.c, lifecycle_answer.c
    later = lifecycle_answer.alias().c
    senders = sa.select(
        sent.referrer_id.label("customer_id"), _said("sent us somebody").label("why")
    )
    senders = senders.where(sent.at < scope.as_of, scope.covers(sent.referrer_id))
    answered_later = sa.exists().where(
        later.customer_id == said.customer_id,
        later.at < scope.as_of,
        sa.or_(
            later.at > said.at,
            sa.and_(later.at == said.at, later.interaction_id > said.interaction_id),
        ),
    )
    promoters = sa.select(said.customer_id, _said("would recommend us").label("why")).where(
        said.score >= PROMOTER,
        said.at < scope.as_of,
        scope.covers(said.customer_id),
        ~answered_later,
    )
    both = sa.union_all(senders, promoters).subquery().c
    return sa.select(both.customer_id, sa.func.min(both.why).label("why")).group_by(
        both.customer_id
    )


def _directed(scope: Scope) -> sa.Select[Any]:
    theirs = lifecycle_objective.c
    return sa.select(
        theirs.customer_id,
        theirs.objective.label("why"),
        ("lifecycle." + theirs.direction).label("segment"),
    ).where(
        theirs.since <= scope.as_of,
        sa.or_(theirs.until.is_(None), theirs.until > scope.as_of),
        scope.covers(theirs.customer_id),
    )


def _said(text: str) -> sa.ColumnElement[str]:
    return sa.literal(text, Text)
