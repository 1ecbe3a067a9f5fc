"""What several scorers look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import Text, attribute_value

from .lesson import Lesson


def now_and_then(
    lesson: Lesson,
    scope: Scope,
    now: sa.Subquery,
    then: sa.Subquery,
    since: sa.Subquery,
    unknown: Mapping[str, int],
) -> tuple[list[sa.ColumnElement[Any]], sa.FromClause]:
    """
    The columns of a lesson as known now, and with ``then_`` before their names as known a horizon
    ago, and what to select them from. Attributes are as they are now, in both.

    Args:
        now, then, since: By customer: the facts at either instant, and what came between.
        unknown: What stands for a fact that is not known, by column; 0 for the others.
    """
    columns: list[sa.ColumnElement[Any]] = []
    for name in [*lesson.facts, *map(lesson.column_of, lesson.kinds)]:
        otherwise = unknown.get(name, 0)
        columns.append(sa.func.coalesce(now.c[name], otherwise).label(name))
        columns.append(sa.func.coalesce(then.c[name], otherwise).label(f"then_{name}"))
    source = now.outerjoin(then, then.c.customer_id == now.c.customer_id).outerjoin(
        since, since.c.customer_id == now.c.customer_id
    )
    for name in lesson.attributes:
        told = _attribute(name, scope)
        source = source.outerjoin(told, told.c.customer_id == now.c.customer_id)
        value = sa.type_coerce(told.c.value, Text)
        columns += [value.label(f"attribute_{name}"), value.label(f"then_attribute_{name}")]
    return columns, source


def _attribute(name: str, scope: Scope) -> sa.Subquery:
    told = attribute_value.c
    return (
        sa.select(told.customer_id, told.value)
        .where(told.name == name, scope.covers(told.customer_id))
        .subquery()
    )
