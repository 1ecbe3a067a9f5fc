"""Reading the policy and what was already sent."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import RecordNotFoundError, Unit
from crmkit.sql import customer, id_list, interaction, one_of

from .errors import NoPolicyError
from .model import Adoption, Policy
from .reading import parse
from .tables import policy_version

SENT = "message.sent"
_ROWS = sa.select(policy_version).order_by(policy_version.c.version)
_PEOPLE = sa.select(customer.c.id, customer.c.status, customer.c.time_zone).where(
    one_of(customer.c.id)
)
_SENT = sa.select(interaction.c.customer_id, interaction.c.at, interaction.c.payload).where(
    interaction.c.kind == SENT,
    one_of(interaction.c.customer_id),
    interaction.c.at > sa.bindparam("since"),
    interaction.c.direction == "outbound",
)


def current(unit: Unit) -> Policy:
    """
    The policy in force.

    Raises:
        NoPolicyError: If none was ever adopted.
    """
    row = _latest(unit)
    if row is None:
        raise NoPolicyError
    return _load(row)


def version(unit: Unit, number: int) -> Policy:
    """
    The policy as it was in version *number*.

    Raises:
        RecordNotFoundError: If there was none.
    """
    row = unit.connection.execute(_ROWS.where(policy_version.c.version == number)).first()
    if row is None:
        raise RecordNotFoundError("policy", number)
    return _load(row)


def history(unit: Unit) -> list[Adoption]:
    """Every version, oldest first."""
    return [_adoption(row) for row in unit.connection.execute(_ROWS)]


def adoptions(unit: Unit, numbers: Iterable[int]) -> list[Adoption]:
    """Those of the versions *numbers* that exist."""
    wanted = {"ids": id_list(unit.connection, numbers)}
    rows = unit.connection.execute(_ROWS.where(one_of(policy_version.c.version)), wanted)
    return [_adoption(row) for row in rows]


def diff(unit: Unit, before: int, after: int) -> list[str]:
    """
    Lines of a unified diff between two versions.

    Raises:
        RecordNotFoundError: If one of them does not exist.
    """
    old, new = version(unit, before), version(unit, after)
    return list(
        difflib.unified_diff(
            old.text.splitlines(),
            new.text.splitlines(),
            f"policy {before}",
            f"policy {after}",
            lineterm="",
        )
    )


@attrs.frozen
class Person:
    """What limits and quiet hours need to know of a customer."""

    status: str
    time_zone: str


def people(unit: Unit, customer_ids: Iterable[int]) -> dict[int, Person]:
    wanted = {"ids": id_list(unit.connection, set(customer_ids))}
    rows = unit.connection.execute(_PEOPLE, wanted)
    return {row.id: Person(row.status, row.time_zone) for row in rows}


def sent_since(
    unit: Unit, customer_ids: Iterable[int], since: datetime
) -> dict[int, list[tuple[str, datetime]]]:
    """``(purpose, at)`` of each message that left for these customers after *since*."""
    wanted = {"ids": id_list(unit.connection, set(customer_ids)), "since": since}
    found: dict[int, list[tuple[str, datetime]]] = {}
    for row in unit.connection.execute(_SENT, wanted):
        purpose = str((row.payload or {}).get("purpose", ""))
        found.setdefault(row.customer_id, []).append((purpose, row.at))
    return found


def _latest(unit: Unit) -> Any:
    newest = sa.select(sa.func.max(policy_version.c.version)).scalar_subquery()
    return unit.connection.execute(_ROWS.where(policy_version.c.version == newest)).first()


def _load(row: Any) -> Policy:
    return attrs.evolve(parse(row.text), version=row.version)


def _adoption(row: Any) -> Adoption:
    return Adoption(
        version=row.version,
        name=row.name,
        sha256=row.sha256,
        adopted_at=row.adopted_at,
        adopted_by=row.adopted_by,
    )
