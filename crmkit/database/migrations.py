"""
Bringing the database to the schema the code needs: Alembic, one version table per owner.

Owners are core and each plugin with tables, in the order plugins run. Every owner's revisions
apply in one transaction of their own, on SQLite too. A revision file is named after its revision
(``0002_add_code.py`` holds ``revision = "0002_add_code"``) and the history is a line, so that what
is pending can be told from the file names, without importing Alembic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import sqlalchemy as sa

from ..errors import DatabaseError, DatabaseNewerError, MigrationsPendingError, PluginError
from .engine import begin, foreign_keys, translated
from .schema import metadata as core_metadata

CORE: Final = "core"
LOCK: Final = 0x63726D6B6974
"""Key of the PostgreSQL advisory lock that keeps two upgrades apart: "crmkit" in ASCII."""
LOCK_TIMEOUT: Final = "5s"


@attrs.frozen
class Owner:
    """Somebody with tables: core or a plugin."""

    name: str
    folder: Path
    metadata: sa.MetaData | None = None

    @property
    def version_table(self) -> str:
        return f"crm_schema_{self.name}"

    @property
    def package(self) -> str:
        """What to install for newer revisions: crmkit itself for core and the bundled plugins."""
        return "crmkit" if self.folder.is_relative_to(Path(__file__).parents[1]) else self.name

    @property
    def revisions(self) -> list[str]:
        """Names of all revisions, oldest first."""
        return sorted(path.stem for path in self.folder.glob("[0-9]*.py"))


CORE_OWNER: Final = Owner(CORE, Path(__file__).parent / "revisions", core_metadata)


@attrs.frozen
class Status:
    """
    Where one owner's tables are.

    Attributes:
        have: The revision in the database, None before the first.
        pending: What an upgrade would apply, in order.
        is_newer: The database holds a revision this code does not know.
        package: What brings the owner's revisions.
    """

    owner: str
    have: str | None
    pending: tuple[str, ...]
    is_newer: bool
    package: str


def status(connection: sa.Connection, owners: Iterable[Owner]) -> list[Status]:
    """Where each owner is. Writes nothing."""
    tables = set(sa.inspect(connection).get_table_names())
    found = []
    for owner in owners:
        have = _version(connection, owner) if owner.version_table in tables else None
        known = owner.revisions
        is_newer = have is not None and have not in known
        pending = () if is_newer else known[known.index(have) + 1 if have else 0 :]
        found.append(Status(owner.name, have, tuple(pending), is_newer, owner.package))
    return found


def _version(connection: sa.Connection, owner: Owner) -> str | None:
    version = sa.column("version_num", sa.Text)
    statement = sa.select(version).select_from(sa.table(owner.version_table))
    return connection.execute(statement).scalar()


def refuse_newer(found: Iterable[Status]) -> None:
    """
    Raises:
        DatabaseNewerError: If an owner's tables hold a revision this code does not know.
    """
    for each in found:
        if each.is_newer:
            raise DatabaseNewerError(each.owner, each.have or "", each.package)


def refuse_unready(connection: sa.Connection, owners: Iterable[Owner]) -> None:
    """
    Raises:
        MigrationsPendingError, DatabaseNewerError: Unless every owner is where the code wants it.
    """
    found = status(connection, owners)
    refuse_newer(found)
    if behind := [each.owner for each in found if each.pending]:
        raise MigrationsPendingError(behind)


def upgrade(engine: sa.Engine, owners: Sequence[Owner]) -> Iterator[str]:
    """
    Apply what is pending, an owner at a time; yields ``owner revision`` after each commit.

    Raises:
        DatabaseNewerError: Before anything is applied.
        DatabaseError: Locked, read-only or full; the owner at work is rolled back.
    """
    with _one_at_a_time(engine):
        with translated(engine), engine.connect() as connection:
            refuse_newer(status(connection, owners))
        for owner in owners:
            with _schema_transaction(engine) as connection:
                (found,) = status(connection, [owner])
                _apply(connection, owner, found)
            yield from (f"{owner.name} {revision}" for revision in found.pending)


def plan(engine: sa.Engine, owners: Sequence[Owner]) -> list[str]:
    """The SQL an upgrade would run: it is run, recorded and rolled back."""
    statements: list[str] = []

    def record(*args: Any) -> None:
        statements.append(args[2])

    with _one_at_a_time(engine), _schema_transaction(engine, keep=False) as connection:
        found = status(connection, owners)
        refuse_newer(found)
        for owner, each in zip(owners, found, strict=True):
            sa.event.listen(connection, "before_cursor_execute", record)
            try:
                _apply(connection, owner, each)
            finally:
                sa.event.remove(connection, "before_cursor_execute", record)
    return [" ".join(text.split()) for text in statements if _is_change(text)]


def _is_change(statement: str) -> bool:
    return statement.lstrip().split(None, 1)[0].upper() not in ("PRAGMA", "SELECT")


def _apply(connection: sa.Connection, owner: Owner, found: Status) -> None:
    if not found.pending:
        return
    try:
        _run(connection, owner)
    except Exception as exc:  # a revision may raise anything
        told = f"its upgrade failed and was rolled back: {type(exc).__name__}: {exc}"
        raise PluginError(owner.name, told) from exc
    if (have := _version(connection, owner)) != found.pending[-1]:
        raise PluginError(owner.name, f"{found.pending[-1]}.py names itself revision {have!r}")


def _run(connection: sa.Connection, owner: Owner) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    folder = str(owner.folder)
    script = ScriptDirectory(folder, version_locations=[folder])
    context = MigrationContext.configure(
        connection,
        opts={
            "fn": lambda revision, _: script._upgrade_revs("head", revision),  # noqa: SLF001
            "version_table": owner.version_table,
            "render_as_batch": True,
            "target_metadata": owner.metadata,
        },
    )
    with Operations.context(context):
        context.run_migrations()


@contextmanager
def _schema_transaction(engine: sa.Engine, *, keep: bool = True) -> Iterator[sa.Connection]:
    """A transaction that rebuilds tables safely: SQLite checks foreign keys at its end instead."""
    with translated(engine), engine.connect() as connection, foreign_keys(connection, on=False):
        sqlite = connection.dialect.name == "sqlite"
        with connection.begin() as transaction:
            begin(connection, write=True)
            if not sqlite:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            yield connection
            if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise DatabaseError("an upgrade leaves rows that point nowhere; rolled back")
            if not keep:
                transaction.rollback()


@contextmanager
def _one_at_a_time(engine: sa.Engine) -> Iterator[None]:
    if engine.dialect.name != "postgresql":
        yield
        return
    with translated(engine), engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            yield
        finally:
            connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (LOCK,))


def drift(connection: sa.Connection, owner: Owner) -> list[str]:
    """How the database differs from the tables the code declares; empty when it does not."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    if owner.metadata is None:
        return []
    ours = set(owner.metadata.tables)

    def is_ours(item: Any, name: str | None, kind: str, _: bool, __: Any) -> bool:
        table = name if kind == "table" else getattr(getattr(item, "table", None), "name", None)
        only = getattr(item, "_ddl_if", None)
        return table in ours and (only is None or only.dialect == connection.dialect.name)

    context = MigrationContext.configure(
        connection, opts={"include_object": is_ours, "compare_type": True}
    )
    return [str(difference) for difference in compare_metadata(context, owner.metadata)]


def unattended(connection: sa.Connection, owners: Iterable[Owner]) -> list[str]:
    """Plugins that are not among *owners* but have tables about customers in the database."""
    prefix = "crm_schema_"
    inspector = sa.inspect(connection)
    tables = inspector.get_table_names()
    absent = {name.removeprefix(prefix) for name in tables if name.startswith(prefix)}
    absent -= {owner.name for owner in owners}
    return sorted(
        name
        for name in absent
        if any(
            column["name"] == "customer_id"
            for table in tables
            if table.startswith(f"{name}_")
            for column in inspector.get_columns(table)
        )
    )
