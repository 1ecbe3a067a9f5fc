"""What earlier imports did, and the versions of customers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Identity, Unit
from crmkit.sql import customer, id_list, one_of

from .model import PastImport
from .tables import exchange_import
from .tally import COUNTED, Tally

_TOLD = [field.name for field in attrs.fields(PastImport) if field.name != "rows"]
_HISTORY = [exchange_import.c[name] for name in _TOLD]


@attrs.frozen(kw_only=True)
class Marker:
    """
    How far an import got.

    Attributes:
        next_row: Where to go on.
        noted: Where the database says to go on; another one than *next_row* when it starts anew.
    """

    id: int
    state: str
    next_row: int
    noted: int
    tally: Tally
    rejects_bytes: int
    finished_at: datetime | None


def history(unit: Unit, *, size: int = 50) -> list[PastImport]:
    """The latest imports, latest first."""
    statement = sa.select(*_HISTORY).order_by(exchange_import.c.id.desc()).limit(size)
    return [_past(row) for row in unit.connection.execute(statement).mappings()]


def unfinished(unit: Unit) -> list[PastImport]:
    """Imports that were interrupted, or run right now."""
    statement = sa.select(*_HISTORY).where(exchange_import.c.state == "running")
    return [_past(row) for row in unit.connection.execute(statement).mappings()]


def _past(row: Any) -> PastImport:
    rows = sum(row[bucket] for bucket in COUNTED[:6])
    return PastImport(rows=rows, **row)


def marker_of(unit: Unit, file_digest: str, mapping_digest: str) -> Marker | None:
    """Of the latest import of this very file with this very mapping."""
    table = exchange_import
    statement = (
        sa.select(table)
        .where(table.c.file_digest == file_digest, table.c.mapping_digest == mapping_digest)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    row = unit.connection.execute(statement).mappings().first()
    if row is None:
        return None
    return Marker(
        id=row["id"],
        state=row["state"],
        next_row=row["next_row"],
        noted=row["next_row"],
        tally=Tally.of({name: row[name] for name in COUNTED}, row["reasons"]),
        rejects_bytes=row["rejects_bytes"],
        finished_at=row["finished_at"],
    )


def was_finished(unit: Unit, file_digest: str, mapping_digest: str) -> bool:
    """Whether this very file was imported to its end with this very mapping."""
    table = exchange_import
    statement = sa.select(table.c.id).where(
        table.c.file_digest == file_digest,
        table.c.mapping_digest == mapping_digest,
        table.c.state == "finished",
    )
    return unit.connection.execute(statement.limit(1)).first() is not None


def versions_of(unit: Unit, identities: Iterable[Identity]) -> dict[int, int]:
    """Versions of the customers that these identities name, by id."""
    by_namespace: dict[str, list[str]] = {}
    for each in identities:
        by_namespace.setdefault(each.namespace, []).append(each.external_id)
    ids = [
        customer_id
        for namespace, names in by_namespace.items()
        for customer_id in unit.customers.ids_of(namespace, names).values()
    ]
    statement = sa.select(customer.c.id, customer.c.version).where(one_of(customer.c.id))
    rows = unit.connection.execute(statement, {"ids": id_list(unit.connection, ids)})
    return {row[0]: row[1] for row in rows}
