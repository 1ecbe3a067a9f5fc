"""Writes: the rules of segments that people define."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from crmkit import RefusedError, Segment, Unit, ask

from ..model import SegmentRule
from ..queries import segment_history, segment_rules
from ..tables import scoring_segment


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
