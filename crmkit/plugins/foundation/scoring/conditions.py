"""A rule as one SELECT: who fits it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

import sqlalchemy as sa

from crmkit import InvalidValueError, Scope, Unit, nearest
from crmkit.sql import (
    Count,
    Instant,
    Real,
    Text,
    attribute_value,
    customer,
    days_between,
    int_sum,
    interaction,
)

from .queries import members
from .rules import (
    Comparison,
    Condition,
    Custom,
    Fact,
    Field,
    Not,
    Score,
    Term,
    Within,
    terms_of,
)
from .tables import scoring_score

_COMPARE: Final[Mapping[str, Any]] = {
    "=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge
}  # fmt: skip
_LONGEST_WHY: Final = 4


def check_terms(unit: Unit, condition: Condition) -> None:
    """
    Raises:
        InvalidValueError: If the rule names a score, a kind or an attribute that nobody knows, or
            an attribute without an index.
    """
    for term in terms_of(condition):
        if isinstance(term, Score):
            _known("score", term.name, unit.contributed.scorers)
        elif isinstance(term, Fact):
            _known("kind", term.kind, unit.contributed.interaction_kinds)
        elif isinstance(term, Custom):
            _known("attribute", term.name, unit.attributes)
            if not unit.attributes[term.name].indexed:
                accepted = "an attribute with `indexed = true` in crmkit.toml"
                raise InvalidValueError("attribute", term.name, accepted)


def _known(what: str, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        told = f"one that is there{nearest(name, known)} ({', '.join(sorted(known)) or 'none'})"
        raise InvalidValueError(what, name, told)


def select_of(condition: Condition, scope: Scope) -> sa.Select[Any]:
    """
    Columns ``customer_id`` and ``why``: the terms of the rule with what they are for the customer.
    """
    terms = terms_of(condition)
    joins = {term: _joined(term, scope) for term in terms}
    source: sa.FromClause = customer
    for joined in joins.values():
        if joined is not None:
            source = source.outerjoin(joined, joined.c.customer_id == customer.c.id)
    values = {term: _value(term, joined, scope) for term, joined in joins.items()}
    return (
        sa.select(customer.c.id.label("customer_id"), _why(values).label("why"))
        .select_from(source)
        .where(scope.covers(customer.c.id), _fits(condition, values))
    )


def _joined(term: Term, scope: Scope) -> sa.Subquery | None:
    """What is known of each customer about *term*; None for what stands beside the name."""
    if isinstance(term, Field):
        return None
    if isinstance(term, Custom):
        told = attribute_value.c
        return sa.select(told.customer_id, told.value).where(told.name == term.name).subquery()
    if isinstance(term, Score):
        score = scoring_score.c
        value = score.value if term.of == "score" else score.label
        return (
            sa.select(score.customer_id, value.label("value"))
            .where(score.scorer == term.name, scope.covers(score.customer_id))
            .subquery()
        )
    return _facts(term, scope)


def _facts(term: Fact, scope: Scope) -> sa.Subquery:
    facts = interaction.c
    value = {
        "count": sa.cast(sa.func.count(), Count),
        "sum": int_sum(facts.amount_minor),
        "days_since": days_between(sa.func.max(facts.at), scope.as_of),
    }[term.function]
    select = sa.select(facts.customer_id, value.label("value")).where(
        facts.kind == term.kind, facts.at < scope.as_of, scope.covers(facts.customer_id)
    )
    if term.days is not None:
        since = scope.as_of - timedelta(days=term.days)
        select = select.where(facts.at >= sa.literal(since, Instant()))
    return select.group_by(facts.customer_id).subquery()


def _value(term: Term, joined: sa.Subquery | None, scope: Scope) -> sa.ColumnElement[Any]:
    if isinstance(term, Field):
        return customer.c[term.name]
    assert joined is not None
    if isinstance(term, Fact) and term.function != "days_since":
        found: sa.ColumnElement[Any] = sa.func.coalesce(joined.c.value, sa.literal(0, Count))
        return found
    return joined.c.value


def _fits(
    condition: Condition, values: Mapping[Term, sa.ColumnElement[Any]]
) -> sa.ColumnElement[bool]:
    """Two-valued: what is not known fits no comparison, and *not* of that does fit."""
    if isinstance(condition, Comparison):
        return _compared(condition, values[condition.term])
    if isinstance(condition, Within):
        return customer.c.id.in_(members(condition.segment))
    if isinstance(condition, Not):
        return sa.not_(_fits(condition.condition, values))
    both = sa.and_ if condition.how == "and" else sa.or_
    return both(*(_fits(each, values) for each in condition.conditions))


def _compared(condition: Comparison, value: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    wanted: Any = condition.value
    if isinstance(condition.term, Custom):
        if isinstance(wanted, bool):
            wanted = str(wanted)
        elif isinstance(wanted, float):
            value = sa.cast(value, Real)
    fits = _COMPARE[condition.operator](value, wanted)
    return sa.and_(value.is_not(None), fits)


def _why(values: Mapping[Term, sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
    """Up to four terms and what they are."""
    told = [
        sa.literal(f"{term} ", Text) + sa.func.coalesce(sa.cast(value, Text), sa.literal("unknown"))
        for term, value in list(values.items())[:_LONGEST_WHY]
    ]
    why: sa.ColumnElement[str] = sa.literal("fits the rule", Text) if not told else told[0]
    for each in told[1:]:
        why = why + ", " + each
    return why
