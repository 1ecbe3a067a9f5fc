"""Whether the SELECTs a plugin contributes run, and return the columns they must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import Scope, Unit
from crmkit.core.errors import CrmkitError
from crmkit.core.plugin import implementations
from crmkit.sql import customer

from .subject import Subject


def query_findings(unit: Unit, subject: Subject) -> Iterator[str]:
    """Run every feature and segment once for all customers and once for one of them."""
    one = sa.select(customer.c.id).order_by(customer.c.id).limit(1)
    later = unit.now + timedelta(days=1)
    for scope in (Scope(as_of=later), Scope(as_of=later, customers=one)):
        for scorer in _contributed(subject, "crmkit_scorers"):
            wanted = ["customer_id"]
            yield from _run(unit, f"scorer {scorer.name}", scorer.features, scope, wanted)
        for segment in _contributed(subject, "crmkit_segments"):
            wanted = ["customer_id", "why"]
            yield from _run(unit, f"segment {segment.name}", segment.members, scope, wanted)


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
