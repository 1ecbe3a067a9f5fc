"""The same SELECT on an engine that crmkit only reads from: facts carried there, rows compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import isclose
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.database import schema
from crmkit.sql import Flag, Instant, Json, on_duckdb, on_spark

if TYPE_CHECKING:
    from crmkit.sql import Fetch

TOLERANCE = 1e-12
"""Relative, for columns of doubles; sums of integers are exact everywhere."""


def tables_of(unit: Unit) -> list[sa.Table]:
    """Core's tables and those of the enabled plugins."""
    owned = (each.metadata for each in unit.crm.plugins if each.metadata is not None)
    known = (schema.metadata, *owned)
    return [each for metadata in known for each in metadata.sorted_tables]


@contextmanager
def duckdb_copy(unit: Unit) -> Iterator[Fetch]:
    """Everything *unit* sees, in a DuckDB database in memory. Needs ``pip install duckdb``."""
    import duckdb

    with duckdb.connect() as connection:
        for table in tables_of(unit):
            columns = ", ".join(
                f'"{c.name}" {_type_of(c, "TIMESTAMPTZ", "VARCHAR")}' for c in table.c
            )
            connection.execute(f'CREATE TABLE "{table.name}" ({columns})')
            if rows := _rows(unit, table):
                marks = ", ".join("?" * len(table.c))
                connection.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', rows)
        yield on_duckdb(connection)


def spark_copy(unit: Unit, session: Any) -> Fetch:
    """Everything *unit* sees, as views of *session*, a ``pyspark.sql.SparkSession`` in UTC."""
    for table in tables_of(unit):
        columns = ", ".join(f"`{c.name}` {_type_of(c, 'TIMESTAMP', 'STRING')}" for c in table.c)
        session.createDataFrame(_rows(unit, table), columns).createOrReplaceTempView(table.name)
    return on_spark(session)


def differences(unit: Unit, select: sa.Select[Any], fetch: Fetch) -> Iterator[str]:
    """How the rows of *select* by *fetch* differ from those the database gives, in any order."""
    ours = _sorted(map(tuple, unit.connection.execute(select)))
    theirs = _sorted(row for rows in fetch(select) for row in rows)
    if len(ours) != len(theirs):
        yield f"{len(theirs)} rows instead of {len(ours)}"
        return
    names = [str(each.key) for each in select.selected_columns]
    for mine, other in zip(ours, theirs, strict=True):
        for name, here, there in zip(names, mine, other, strict=True):
            if not _same(here, there):
                yield f"{name} of {mine[0]}: {there!r} instead of {here!r}"


def _rows(unit: Unit, table: sa.Table) -> list[tuple[Any, ...]]:
    plain = [sa.type_coerce(c, sa.Text) if isinstance(c.type, Json) else c for c in table.c]
    return [tuple(map(_as_text, row)) for row in unit.connection.execute(sa.select(*plain))]


def _as_text(value: Any) -> Any:
    """A document, which PostgreSQL's driver has read already, as text."""
    import json

    return json.dumps(value) if isinstance(value, dict | list) else value


def _type_of(column: sa.Column[Any], instant: str, text: str) -> str:
    kinds = {
        Instant: instant,
        Json: text,
        Flag: "BOOLEAN",
        sa.Integer: "BIGINT",
        sa.Float: "DOUBLE",
    }
    return next((name for kind, name in kinds.items() if isinstance(column.type, kind)), text)


def _sorted(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    return sorted(rows, key=lambda row: [(each is not None, each) for each in row])


def _same(here: Any, there: Any) -> bool:
    if isinstance(here, float) and isinstance(there, float):
        return isclose(here, there, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(here == there)
