"""Whether a plugin's tables are its own, portable, and tied to the customers they are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crmkit.core.plugin import implementations
from crmkit.database.schema import customer

from .subject import Subject

TYPES: Final = {
    ("INTEGER", "BIGINT"): "Id or Count",
    ("TEXT", "TEXT"): "Text",
    ("REAL", "DOUBLE PRECISION"): "Real",
    ("INTEGER", "BOOLEAN"): "Flag",
    ("INTEGER", "TIMESTAMP WITH TIME ZONE"): "Instant",
    ("TEXT", "JSONB"): "Json",
}
"""What the types of crmkit.sql are on SQLite and PostgreSQL."""


def tables_of(subject: Subject) -> list[sa.Table]:
    metadata = subject.plugin.metadata
    return [] if metadata is None else list(metadata.sorted_tables)


def customer_tables(subject: Subject) -> list[sa.Table]:
    """Those whose rows belong to a customer."""
    return [table for table in tables_of(subject) if _customer_columns(table)]


def _customer_columns(table: sa.Table) -> list[sa.Column[Any]]:
    return [
        column
        for column in table.columns
        if column.name == "customer_id"
        or any(key.column is customer.c.id for key in column.foreign_keys)
    ]


def unprefixed(subject: Subject) -> Iterator[str]:
    name = subject.plugin.name
    for table in tables_of(subject):
        if not table.name.startswith(f"{name}_"):
            yield f"table {table.name} lacks the prefix of its plugin; name it {name}_{table.name}"


def unportable(subject: Subject) -> Iterator[str]:
    """Columns of other types than crmkit.sql has."""
    on_sqlite, on_postgres = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in tables_of(subject):
        for column in table.columns:
            stored = (column.type.compile(on_sqlite), column.type.compile(on_postgres))
            if stored not in TYPES:
                yield (
                    f"{table.name}.{column.name} is {' and '.join(stored)}; "
                    f"use one of crmkit.sql: {', '.join(TYPES.values())}"
                )


def untied(subject: Subject) -> Iterator[str]:
    """Columns called customer_id that merge and erasure cannot follow."""
    for table in tables_of(subject):
        for column in _customer_columns(table):
            if not column.foreign_keys:
                yield f"{table.name}.{column.name} has no foreign key; make it with customer_ref()"


def unanswerable(subject: Subject) -> Iterator[str]:
    """Missing hooks of a plugin that holds customers' data."""
    held = [table.name for table in customer_tables(subject)]
    for hook in ("crmkit_export", "crmkit_erase"):
        if held and hook not in implementations(subject.plugin):
            yield f"{', '.join(held)}: these hold customers' data; implement {hook}"
