"""Segments that people define by a rule: written down, tried, and given to whoever asks."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from crmkit import InvalidValueError, RecordNotFoundError, Scope, Segment, Unit, ask
from crmkit.sql import customer

from .conditions import check_terms, select_of
from .model import Preview, SegmentRule
from .queries import segment_rules
from .rules import Condition, parse, segments_of


def defined(unit: Unit) -> list[Segment]:
    """What ``crmkit_define_segments`` is told."""
    return [
        Segment(
            name=each.name,
            summary=each.summary or each.rule,
            members=partial(select_of, parse(each.rule)),
        )
        for each in segment_rules(unit)
    ]


def checked(unit: Unit, name: str, rule: str) -> Condition:
    """
    The rule, if it may define segment *name*.

    Raises:
        InvalidValueError: If it is no rule, names what nobody knows, or itself.
    """
    condition = parse(rule)
    check_terms(unit, condition)
    known = ask.segments(unit)
    for each in segments_of(condition):
        if each == name:
            raise InvalidValueError("rule", rule, f"a rule that does not ask for {name} itself")
        if each not in known:
            raise RecordNotFoundError("segment", each)
    return condition


def preview(unit: Unit, rule: str, *, size: int = 10) -> Preview:
    """
    Who *rule* would hold now; stores nothing.

    Raises:
        InvalidValueError: If it is no rule, or names what nobody knows.
    """
    condition = checked(unit, "", rule)
    is_active = customer.c.status == "active"
    found = select_of(condition, Scope(as_of=unit.now)).where(is_active).subquery()
    counts = [
        unit.connection.scalar(sa.select(sa.func.count()).select_from(each)) or 0
        for each in (found, sa.select(customer.c.id).where(is_active).subquery())
    ]
    some = sa.select(found.c.customer_id, found.c.why).order_by(found.c.customer_id).limit(size)
    sample = tuple((row[0], row[1]) for row in unit.connection.execute(some))
    return Preview(rule=rule, customers=counts[0], active=counts[1], sample=sample)


def latest(unit: Unit, name: str) -> SegmentRule:
    """
    Raises:
        RecordNotFoundError: If nobody has defined that segment, or it is dropped.
    """
    for each in segment_rules(unit):
        if each.name == name:
            return each
    raise RecordNotFoundError("segment defined by a rule", name)
