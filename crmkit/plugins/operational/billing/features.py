"""Segments of customers by what they owe."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crmkit import Scope, Segment
from crmkit.sql import Text

from .tables import billing_document


def segments() -> list[Segment]:
    """``billing.late`` and ``billing.in_credit``."""
    late = "Have an invoice that is past due."
    credit = "Have paid, or were credited, more than they owe."
    return [
        Segment(name="billing.late", summary=late, members=_late),
        Segment(name="billing.in_credit", summary=credit, members=_in_credit),
    ]


def _late(scope: Scope) -> sa.Select[Any]:
    theirs = billing_document.c
    why = "an invoice was due on " + sa.func.min(theirs.due_day)
    return (
        sa.select(theirs.customer_id, sa.type_coerce(why, Text).label("why"))
        .where(
            theirs.status == "open",
            theirs.kind == "invoice",
            theirs.due_day < scope.as_of.date().isoformat(),
            scope.covers(theirs.customer_id),
        )
        .group_by(theirs.customer_id)
    )


def _in_credit(scope: Scope) -> sa.Select[Any]:
    theirs = billing_document.c
    credit = theirs.kind.in_(["payment", "credit_note"])
    owed = sa.func.sum(sa.case((credit, -theirs.open_minor), else_=theirs.open_minor))
    why = sa.literal("paid or was credited more than is owed", Text)
    return (
        sa.select(theirs.customer_id, why.label("why"))
        .where(
            theirs.status == "open",
            theirs.kind.in_(["payment", "credit_note", "invoice", "refund"]),
            scope.covers(theirs.customer_id),
        )
        .group_by(theirs.customer_id)
        .having(owed < 0)
    )
