"""What customers said of our service, and segments of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from crmkit import Scope, Segment
from crmkit.sql import Count, Text

from .config import Settings
from .tables import service_case, service_clock, service_feedback

DAYS: Final = 365


def answers(scope: Scope) -> sa.Select[Any]:
    """
    One row per customer who answered within a year: ``csat_count``, ``csat_sum`` (1 to 5 each),
    ``ces_count``, ``ces_sum`` (1 to 7 each).
    """
    theirs = service_feedback.c
    columns = []
    for measure in ("csat", "ces"):
        counted: Any = sa.func.count()
        summed: Any = sa.func.sum(theirs.score)
        of_it = theirs.measure == measure
        columns += [
            sa.cast(counted.filter(of_it), Count).label(f"{measure}_count"),
            sa.cast(sa.func.coalesce(summed.filter(of_it), 0), Count).label(f"{measure}_sum"),
        ]
    return (
        sa.select(theirs.customer_id, *columns)
        .where(
            theirs.at < scope.as_of,
            theirs.at >= scope.as_of - timedelta(days=DAYS),
            scope.covers(theirs.customer_id),
        )
        .group_by(theirs.customer_id)
    )


def segments(settings: Settings) -> list[Segment]:
    """``service.waiting``, ``service.late`` and ``service.unhappy``."""
    solved = [each.name for each in settings.statuses if each.solved]

    def waiting(scope: Scope) -> sa.Select[Any]:
        theirs = service_case.c
        why = "a case is open since their message"
        return (
            sa.select(theirs.customer_id, sa.literal(why, Text).label("why"))
            .where(
                theirs.status.not_in(solved),
                theirs.merged_into.is_(None),
                theirs.opened_at < scope.as_of,
                scope.covers(theirs.customer_id),
            )
            .distinct()
        )

    return [
        Segment(name="service.waiting", summary="Have an unsolved case.", members=waiting),
        Segment(name="service.late", summary="Wait longer than we promised.", members=_late),
        Segment(
            name="service.unhappy", summary="Were last not content (1 or 2).", members=_unhappy
        ),
    ]


def _late(scope: Scope) -> sa.Select[Any]:
    case, clock = service_case.c, service_clock.c
    why = sa.literal("what we promised them is late", Text).label("why")
    return (
        sa.select(case.customer_id, why)
        .join_from(service_clock, service_case, case.id == clock.case_id)
        .where(clock.due_at <= scope.as_of, scope.covers(case.customer_id))
        .distinct()
    )


def _unhappy(scope: Scope) -> sa.Select[Any]:
    theirs = service_feedback.c
    place = sa.func.row_number().over(
        partition_by=theirs.customer_id, order_by=(theirs.at.desc(), theirs.interaction_id.desc())
    )
    last = (
        sa.select(theirs.customer_id, theirs.score, place.label("place"))
        .where(theirs.measure == "csat", theirs.at < scope.as_of, scope.covers(theirs.customer_id))
        .subquery()
        .c
    )
    why = "gave " + sa.cast(last.score, Text) + " of 5 for our service"
    return sa.select(last.customer_id, sa.type_coerce(why, Text).label("why")).where(
        last.place == 1, last.score <= 2
    )
