"""Upgraded, empty databases kept for the next test, so that migrations run once per set of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

if TYPE_CHECKING:
    import sqlalchemy as sa

    from crmkit import CRM

_SHAPE = """
    SELECT c.relname::text, c.relkind::text, a.attname::text, a.atttypid::text, a.attnotnull::text
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = current_schema()::regnamespace
    UNION ALL SELECT conname, contype::text, conrelid::regclass::text, '', ''
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
    UNION ALL SELECT t.tgname, '', c.relname, '', '' FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
    ORDER BY 1, 2, 3
"""
"""Everything a test could have changed about the tables of a schema."""
_TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
    AND relkind = 'r' ORDER BY relname
"""
_RESTART = """
    SELECT setval(oid::regclass, 1, false) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
"""


@attrs.frozen
class Lent:
    """A PostgreSQL schema in use by a test, as it was when it was new."""

    key: object
    shape: object


class Upgraded:
    """
    What is kept: on SQLite a file to copy, on PostgreSQL schemas to use again.

    A schema is used again only if a test left its tables as they were; its rows are deleted. One
    whose migrations write rows is never used again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[object, Path] = {}
        self._spare: dict[object, list[str]] = {}
        self._lent: dict[str, Lent] = {}

    def upgrade(self, crm: CRM) -> None:
        """Do what ``crm.upgrade()`` does, for a database that is new by way of a kept one."""
        key = tuple((each.name, each.folder, *each.revisions) for each in crm.owners)
        if crm.engine.dialect.name == "sqlite":
            self._upgrade_file(crm, key)
        else:
            self._upgrade_schema(crm, key)

    def _upgrade_file(self, crm: CRM, key: object) -> None:
        from crmkit.database.backup import sqlite_file

        path = sqlite_file(crm.engine)
        if path is None or path.exists():
            crm.upgrade()
        elif key in self._files:
            shutil.copyfile(self._files[key], path)
        else:
            crm.upgrade()
            crm.engine.dispose()
            kept = self._folder / f"{len(self._files)}.db"
            self._files[key] = Path(shutil.copyfile(path, kept))

    def _upgrade_schema(self, crm: CRM, key: object) -> None:
        with _transaction(crm.engine) as connection:
            schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
            is_new = connection.exec_driver_sql(_TABLES).first() is None
            if spares := is_new and self._spare.get(key):
                spare = spares.pop()
                connection.exec_driver_sql(f"DROP SCHEMA {schema}")
                connection.exec_driver_sql(f"ALTER SCHEMA {spare} RENAME TO {schema}")
                self._lent[schema] = Lent(key, _shape(connection))
                return
        crm.upgrade()
        if not is_new:
            return
        with _transaction(crm.engine) as connection:
            if not any(_has_rows(connection, table) for table in _data_tables(connection)):
                self._lent[schema] = Lent(key, _shape(connection))

    def give_back(self, crm: CRM) -> None:
        """Keep the schema of a test that has ended, if it is as it was."""
        import sqlalchemy as sa

        if crm.engine.dialect.name == "sqlite":
            return
        try:
            with _transaction(crm.engine) as connection:
                schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
                lent = self._lent.pop(schema, None)
                if lent is None or _shape(connection) != lent.shape:
                    return
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                for table in _data_tables(connection):
                    connection.exec_driver_sql(f'DELETE FROM "{table}"')
                connection.exec_driver_sql(_RESTART)
                spare = f"spare{os.urandom(6).hex()}"
                connection.exec_driver_sql(f"ALTER SCHEMA {schema} RENAME TO {spare}")
        except sa.exc.DBAPIError:
            return  # somebody still uses it, or we may not: it is dropped as if never lent
        self._spare.setdefault(lent.key, []).append(spare)


@contextmanager
def _transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
        yield connection


def _shape(connection: sa.Connection) -> object:
    versions = [
        connection.exec_driver_sql(f"SELECT version_num FROM {table}").all()
        for table in _tables(connection)
        if table.startswith("crm_schema_")
    ]
    return versions, connection.exec_driver_sql(_SHAPE).all()


def _tables(connection: sa.Connection) -> list[str]:
    return [row[0] for row in connection.exec_driver_sql(_TABLES)]


def _data_tables(connection: sa.Connection) -> list[str]:
    return [table for table in _tables(connection) if not table.startswith("crm_schema_")]


def _has_rows(connection: sa.Connection, table: str) -> bool:
    return connection.exec_driver_sql(f'SELECT 1 FROM "{table}" LIMIT 1').first() is not None


@pytest.fixture(scope="session")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    """Saves :func:`make_crm` from running the same migrations for every test."""
    return Upgraded(tmp_path_factory.mktemp("upgraded"))
