"""Rewriting the database without what was deleted, so that erased names are gone from the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..errors import DatabaseBusyError
from .engine import sqlite_file, translated

_INDEXES = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5%'"
_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
)


def size_bytes(engine: sa.Engine) -> int:
    """What the database takes on the disk, SQLite's log included."""
    path = sqlite_file(engine)
    if path is not None:
        files = (path, path.with_name(f"{path.name}-wal"))
        return sum(each.stat().st_size for each in files if each.exists())
    with _autocommit(engine) as connection:
        if engine.dialect.name == "sqlite":
            return 0
        return int(connection.exec_driver_sql(_SIZE).scalar_one())


def compact(engine: sa.Engine) -> None:
    """
    Rewrite every table, and merge the full-text indexes, so that freed space holds nothing old.

    SQLite: the file needs as much free disk again, and nobody may write meanwhile. PostgreSQL: each
    table is locked while it is rewritten; its own log and the backups still hold what was deleted.

    Raises:
        DatabaseBusyError: If somebody else uses the SQLite file.
    """
    with _autocommit(engine) as connection:
        if engine.dialect.name == "sqlite":
            _compact_sqlite(connection, sqlite_file(engine))
        else:
            connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {', '.join(_tables(connection))}")


def _compact_sqlite(connection: sa.Connection, path: Path | None) -> None:
    for index in connection.exec_driver_sql(_INDEXES).scalars().all():
        connection.exec_driver_sql(f"INSERT INTO {index} ({index}) VALUES ('optimize')")
    connection.exec_driver_sql("VACUUM")
    if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
        raise DatabaseBusyError(f"{path} is read by another process; stop it, then compact again")


def _tables(connection: sa.Connection) -> list[str]:
    quote = connection.dialect.identifier_preparer.quote
    return [quote(name) for name in sa.inspect(connection).get_table_names()]


@contextmanager
def _autocommit(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection in which each statement is a transaction of its own."""
    with translated(), engine.connect() as plain:
        connection: Any = plain.execution_options(isolation_level="AUTOCOMMIT")
        yield connection
