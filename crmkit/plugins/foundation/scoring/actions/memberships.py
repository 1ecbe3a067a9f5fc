"""Writes: who joins and who leaves which segment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from crmkit import Scope, Unit
from crmkit.sql import Instant

from ..queries import definitions
from ..tables import scoring_membership
from .moving import NO_LONGER, UNDEFINED, drop_momentary, move


def refresh_segments(
    unit: Unit, as_of: datetime, customers: sa.Select[tuple[int]] | None = None
) -> tuple[int, int]:
    """
    Let customers join and leave segments as the definitions say; returns how many did each.

    Args:
        customers: Only these; default all.
    """
    scope = Scope(as_of=as_of, customers=customers)
    if customers is not None:
        return move(unit, scope)
    wanted = definitions(unit, scope)
    joined = sum(_join(unit, each) for _, each in wanted)
    left = sum(_leave(unit, names, each) for names, each in wanted)
    left += _leave_unknown(unit, [name for names, _ in wanted for name in names])
    if left:
        drop_momentary(unit, scope)
    return joined, left


def _join(unit: Unit, wanted: sa.Subquery) -> int:
    theirs = scoring_membership.alias().c
    already = sa.exists().where(
        theirs.customer_id == wanted.c.customer_id,
        theirs.segment == wanted.c.segment,
        theirs.until.is_(None),
    )
    newcomers = (
        sa.select(
            wanted.c.customer_id,
            wanted.c.segment,
            sa.literal(unit.now, Instant()),
            wanted.c.why,
            sa.literal(""),
        )
        .select_from(wanted)
        .where(~already)
    )
    columns = ["customer_id", "segment", "since", "why", "ended_why"]
    insert = sa.insert(scoring_membership).from_select(columns, newcomers)
    return unit.connection.execute(insert.execution_options(preserve_rowcount=True)).rowcount


def _leave(unit: Unit, names: Sequence[str], wanted: sa.Subquery) -> int:
    theirs = scoring_membership.c
    belongs = sa.exists().where(
        wanted.c.customer_id == theirs.customer_id, wanted.c.segment == theirs.segment
    )
    update = (
        sa.update(scoring_membership)
        .where(theirs.until.is_(None), _one_of_them(theirs.segment, names), ~belongs)
        .values(until=unit.now, ended_why=_where_to(unit, names))
    )
    return unit.connection.execute(update).rowcount


def _leave_unknown(unit: Unit, known: Sequence[str]) -> int:
    """Segments that are gone, unless a broken plugin may have them."""
    if unit.crm.quarantined:
        return 0
    theirs = scoring_membership.c
    update = (
        sa.update(scoring_membership)
        .where(theirs.until.is_(None), theirs.segment.not_in(known))
        .values(until=unit.now, ended_why=UNDEFINED)
    )
    return unit.connection.execute(update).rowcount


def _where_to(unit: Unit, names: Sequence[str]) -> sa.ColumnElement[str]:
    """The segment of the same definition that the customer joined just now, with its why."""
    left, joined = scoring_membership.c, scoring_membership.alias().c
    now = (
        sa.select(sa.func.min("now " + joined.segment + ": " + joined.why))
        .where(
            joined.customer_id == left.customer_id,
            _one_of_them(joined.segment, names),
            joined.since == unit.now,
            joined.until.is_(None),
        )
        .correlate(scoring_membership)
        .scalar_subquery()
    )
    return sa.func.coalesce(now, NO_LONGER)


def _one_of_them(segment: sa.Column[str], names: Sequence[str]) -> sa.ColumnElement[bool]:
    """*segment* in *names*, so written that SQLite seeks by customer, not by each segment."""
    return (segment + "").in_(names)
