"""Writes: memberships in segments, and the rules of those that people define."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from crmkit import (
    RefusedError,
    Scope,
    Segment,
    Unit,
    ask,
)
from crmkit.sql import (
    Instant,
)

from ..model import SegmentRule
from ..queries import (
    definitions,
    segment_history,
    segment_rules,
)
from ..tables import (
    scoring_membership,
    scoring_segment,
)


def refresh_segments(
    unit: Unit, as_of: datetime, customers: sa.Select[tuple[int]] | None = None
) -> tuple[int, int]:
    """
    Let customers join and leave segments as the definitions say; returns how many did each.

    Args:
        customers: Only these; default all.
    """
    scope = Scope(as_of=as_of, customers=customers)
    wanted = definitions(unit, scope)
    joined = sum(_join(unit, names, each) for names, each in wanted)
    left = sum(_leave(unit, names, each, scope) for names, each in wanted)
    left += _leave_unknown(unit, [name for names, _ in wanted for name in names], scope)
    if left:
        theirs = scoring_membership.c
        unit.connection.execute(
            sa.delete(scoring_membership).where(
                theirs.since == theirs.until,
                theirs.until == unit.now,
                scope.covers(theirs.customer_id),
            )
        )
    return joined, left


def _join(unit: Unit, names: Sequence[str], wanted: sa.Subquery) -> int:
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


def _leave(unit: Unit, names: Sequence[str], wanted: sa.Subquery, scope: Scope) -> int:
    theirs = scoring_membership.c
    belongs = sa.exists().where(
        wanted.c.customer_id == theirs.customer_id, wanted.c.segment == theirs.segment
    )
    ours = _one_of_them(theirs.segment, names)
    update = (
        sa.update(scoring_membership)
        .where(theirs.until.is_(None), scope.covers(theirs.customer_id), ours, ~belongs)
        .values(until=unit.now, ended_why=_where_to(unit, names))
    )
    return unit.connection.execute(update).rowcount


def _leave_unknown(unit: Unit, known: Sequence[str], scope: Scope) -> int:
    """Segments that are gone, unless a broken plugin may have them."""
    if unit.crm.quarantined:
        return 0
    theirs = scoring_membership.c
    update = (
        sa.update(scoring_membership)
        .where(
            theirs.until.is_(None), scope.covers(theirs.customer_id), theirs.segment.not_in(known)
        )
        .values(until=unit.now, ended_why="the segment is no longer defined")
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
    return sa.func.coalesce(now, "the definition no longer fits")


def _one_of_them(segment: sa.Column[str], names: Sequence[str]) -> sa.ColumnElement[bool]:
    """*segment* in *names*, so written that SQLite seeks by customer, not by each segment."""
    return (segment + "").in_(names)


def define_segment(unit: Unit, name: str, rule: str, *, summary: str = "") -> SegmentRule:
    """
    Define segment *name*, or change its rule; who belongs to it joins at the next refresh.

    Raises:
        InvalidValueError: If *rule* is no rule or names what nobody knows, or *name* is no name.
        RefusedError: If a plugin has a segment of that name.
    """
    from ..defining import checked

    Segment(name=name, summary=summary, members=lambda _: sa.select())
    checked(unit, name, rule)
    if name in ask.segments(unit) and name not in {each.name for each in segment_rules(unit)}:
        raise RefusedError(f"segment {name!r} is a plugin's; choose another name")
    return _written(unit, name, rule, summary)


def drop_segment(unit: Unit, name: str) -> SegmentRule:
    """
    Take a defined segment away; everybody leaves it at the next refresh. Its history stays.

    Raises:
        RecordNotFoundError: If nobody has defined it.
    """
    from ..defining import latest

    return _written(unit, name, "", latest(unit, name).summary)


def _written(unit: Unit, name: str, rule: str, summary: str) -> SegmentRule:
    version = len(segment_history(unit, name)) + 1
    made = SegmentRule(
        name=name, version=version, summary=summary, rule=rule, at=unit.now, actor=unit.actor
    )
    unit.connection.execute(sa.insert(scoring_segment).values(attrs.asdict(made)))
    return made
