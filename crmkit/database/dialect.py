"""Where SQLite and PostgreSQL differ in reading and writing rows. Nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

from .columns import encoder
from .schema import sequence

SEQUENCES: Final = ("customer", "interaction", "offer", "record")
"""PostgreSQL sequences ``crm_<name>_id``; ids of plugins' rows come from ``record``."""


class one_of(ColumnElement[bool]):  # noqa: N801  it reads as SQL
    """``column IN (all ids of one bound list)``: one statement for any number of ids."""

    inherit_cache = True
    __visit_name__ = "one_of"
    _traverse_internals = [  # noqa: RUF012  the form SQLAlchemy asks for
        ("column", sa.sql.visitors.InternalTraversal.dp_clauseelement),
        ("ids", sa.sql.visitors.InternalTraversal.dp_clauseelement),
    ]
    type = sa.Boolean()

    def __init__(self, column: ColumnElement[Any], name: str = "ids") -> None:
        self.column = column
        self.ids: sa.BindParameter[Any] = sa.bindparam(name, type_=sa.types.NULLTYPE)

    def self_group(self, against: Any = None) -> one_of:  # noqa: ARG002
        """Itself: SQLAlchemy would append ``= 1`` on SQLite, which no index can serve."""
        return self


@compiles(one_of, "sqlite")
def _one_of_sqlite(element: one_of, compiler: Any, **kw: Any) -> str:
    column, ids = compiler.process(element.column, **kw), compiler.process(element.ids, **kw)
    return f"{column} IN (SELECT value FROM json_each({ids}))"


@compiles(one_of, "postgresql")
def _one_of_postgresql(element: one_of, compiler: Any, **kw: Any) -> str:
    column, ids = compiler.process(element.column, **kw), compiler.process(element.ids, **kw)
    return f"{column} = ANY({ids})"


def id_list(connection: sa.Connection, ids: Iterable[int] | Iterable[str]) -> object:
    """*ids* as the one parameter that :class:`one_of` binds."""
    return json.dumps(list(ids)) if connection.dialect.name == "sqlite" else list(ids)


@contextmanager
def driver_cursor(connection: sa.Connection) -> Iterator[Any]:
    """The driver's own cursor in the connection's transaction."""
    cursor = connection.connection.cursor()
    try:
        yield cursor
    finally:
        cursor.close()


class Statement:
    """
    A Core statement, compiled once per dialect and run on the driver's cursor.

    Rows come back as the driver's tuples: instants and documents are not decoded.
    """

    def __init__(self, statement: sa.sql.expression.ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: sa.Connection, **params: object) -> list[tuple[Any, ...]]:
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _compile(self._statement, connection.dialect)
        sql, order, literals = self._compiled[name]
        bound = {**literals, **params}
        raw: Any = connection.connection.dbapi_connection
        cursor = raw.execute(sql, bound if order is None else [bound[each] for each in order])
        fetched: list[tuple[Any, ...]] = cursor.fetchall()
        return fetched


_Compiled: TypeAlias = tuple[str, Sequence[str] | None, Mapping[str, object]]


def _compile(statement: sa.sql.expression.ClauseElement, dialect: sa.Dialect) -> _Compiled:
    """SQL text, the order of positional parameters if they are, and the literals within."""
    compiled: Any = statement.compile(dialect=dialect)
    return str(compiled), compiled.positiontup, compiled.params


def allocate_ids(connection: sa.Connection, name: str, count: int) -> Sequence[int]:
    """
    *count* ids nobody else will get, in one statement.

    On PostgreSQL from the sequence (gaps remain after a rollback), on SQLite from a counter row
    that rolls back with the transaction.
    """
    if connection.dialect.name == "postgresql":
        name = name if name in SEQUENCES else "record"
        with driver_cursor(connection) as cursor:
            cursor.execute(f"SELECT nextval('crm_{name}_id') FROM generate_series(1, %s)", (count,))
            return [row[0] for row in cursor.fetchall()]
    with driver_cursor(connection) as cursor:
        cursor.execute(_NEXT_ON_SQLITE, (name, count + 1, count))
        (following,) = cursor.fetchone()
    return range(following - count, following)


_NEXT_ON_SQLITE = (
    f"INSERT INTO {sequence.name} (name, next_id) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET next_id = next_id + ? RETURNING next_id"
)


def insert_rows(
    connection: sa.Connection,
    table: sa.Table,
    rows: Iterable[tuple[Any, ...]],
    columns: Sequence[str] | None = None,
) -> int:
    """
    Insert driver-ready tuples through the fastest door: executemany on SQLite, COPY on PostgreSQL.

    Returns how many rows were written.
    """
    names = list(columns or table.columns.keys())
    quoted = ", ".join(f'"{name}"' for name in names)
    with driver_cursor(connection) as cursor:
        if connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY {table.name} ({quoted}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(names))
            cursor.executemany(f"INSERT INTO {table.name} ({quoted}) VALUES ({marks})", rows)
        return max(int(cursor.rowcount), 0)


def insert_many(
    connection: sa.Connection,
    table: sa.Table,
    rows: Iterable[Sequence[Any]],
    columns: Sequence[str] | None = None,
) -> int:
    """
    Insert tuples of Python values, in the order of *columns* (default: all of the table's).

    Datetimes, JSON documents and flags are encoded; everything else goes to the driver as it is.
    """
    names = list(columns or table.columns.keys())
    encode = row_encoder(connection, table, names)
    return insert_rows(connection, table, map(encode, rows), names)


def row_encoder(
    connection: sa.Connection, table: sa.Table, names: Sequence[str]
) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """What turns a tuple of Python values into the driver's."""
    encoders = [encoder(table.c[name], connection.dialect.name) for name in names]
    if not any(encoders):
        return tuple

    def encode(row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(v if e is None else e(v) for e, v in zip(encoders, row, strict=True))

    return encode


def update_rows(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[tuple[Any, ...]],
    *,
    key: Sequence[str],
    values: Sequence[str],
) -> int:
    """
    Update by *key* from driver-ready tuples of (*values*..., *key*...); returns rows matched.

    A version in *key* makes it an optimistic lock: compare the count with ``len(rows)``.
    """
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    sets = ", ".join(f'"{name}" = {mark}' for name in values)
    where = " AND ".join(f'"{name}" = {mark}' for name in key)
    with driver_cursor(connection) as cursor:
        cursor.executemany(f"UPDATE {table.name} SET {sets} WHERE {where}", rows)
        return int(cursor.rowcount)


def delete_where(
    connection: sa.Connection, table: sa.Table, column: str, ids: Iterable[int]
) -> int:
    """Delete the rows whose *column* is one of *ids*; returns how many."""
    wanted = list(ids)
    if not wanted:
        return 0
    statement = sa.delete(table).where(one_of(table.c[column]))
    return connection.execute(statement, {"ids": id_list(connection, wanted)}).rowcount


def take_turns(connection: sa.Connection, name: str) -> None:
    """
    Wait until no other transaction does *name*, and keep the others waiting until this one ends.

    On SQLite a writing unit is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        key = sa.func.hashtextextended(sa.func.current_schema() + f".{name}", 0)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def count_again(connection: sa.Connection, *tables: sa.Table) -> None:
    """
    Let PostgreSQL's planner know *tables* after a bulk write; its own rounds may come too late.

    SQLite plans these tables well by its rules alone.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE " + ", ".join(each.name for each in tables))
