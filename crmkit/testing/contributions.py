"""Whether the SELECTs a plugin contributes run, and return the columns they must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import Scope, Unit
from crmkit.core.plugin import implementations
from crmkit.errors import CrmkitError
from crmkit.sql import customer

from .engines import differences, duckdb_copy
from .subject import Subject


def query_findings(unit: Unit, subject: Subject) -> Iterator[str]:
    """Run every feature and segment once for all customers and once for one of them."""
    for scope in _scopes(unit):
        for name, build, wanted in _queries(subject):
            yield from _run(unit, name, build, scope, wanted)


def engine_findings(unit: Unit, subject: Subject) -> Iterator[str]:
    """Run every feature and segment on DuckDB too, and compare row by row."""
    with duckdb_copy(unit) as fetch:
        for scope in _scopes(unit):
            for name, build, _ in _queries(subject):
                for found in differences(unit, build(scope), fetch):
                    yield f"{name}: on DuckDB {found}"


def _scopes(unit: Unit) -> tuple[Scope, Scope]:
    one = sa.select(customer.c.id).order_by(customer.c.id).limit(1)
    later = unit.now + timedelta(days=1)
    return Scope(as_of=later), Scope(as_of=later, customers=one)


def _queries(subject: Subject) -> Iterator[tuple[str, Any, list[str]]]:
    """What builds each SELECT, and the columns it must begin with."""
    for scorer in _contributed(subject, "crmkit_scorers"):
        yield f"scorer {scorer.name}", scorer.features, ["customer_id"]
    for segment in _contributed(subject, "crmkit_segments"):
        yield f"segment {segment.name}", segment.members, ["customer_id", "why"]


def _contributed(subject: Subject, hook: str) -> list[Any]:
    implementation = implementations(subject.plugin).get(hook)
    return [] if implementation is None else list(implementation())


def _run(unit: Unit, name: str, build: Any, scope: Scope, wanted: list[str]) -> Iterator[str]:
    try:
        with unit.connection.begin_nested():
            result = unit.connection.execute(build(scope))
            columns, rows = list(result.keys()), result.all()
    except (sa.exc.SQLAlchemyError, CrmkitError) as exc:
        told = str(exc).splitlines()[0]
        yield f"{name}: its SELECT fails on {unit.connection.dialect.name}: {told}"
        return
    if columns[: len(wanted)] != wanted:
        yield f"{name}: its first columns are {columns[: len(wanted)]}; make them {wanted}"
    ids = [row[0] for row in rows]
    if len(ids) != len(set(ids)):
        yield f"{name}: a customer has several rows; group by customer_id"
    if scope.customers is not None and len(ids) > 1:
        yield f"{name}: ignores scope.customers; add scope.covers(...) to its WHERE"
