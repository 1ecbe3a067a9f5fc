"""Every engine setting, and how a transaction begins, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import sqlalchemy as sa

from .errors import (
    ConfigError,
    DatabaseBusyError,
    DatabaseError,
    DatabaseFullError,
    DatabaseReadOnlyError,
    MissingExtraError,
)

Durability = Literal["full", "relaxed"]
"""``full`` survives a power cut; ``relaxed`` may lose the last commits and suits reruns."""

BUSY_SECONDS: Final = 30.0
POSTGRES_DRIVER: Final = "postgresql+psycopg"
RETRYABLE: Final = frozenset({"40001", "40P01", "23505"})
"""SQLSTATEs after which the whole transaction may simply run again."""
DRIVERS: Final = ("sqlite+pysqlite", POSTGRES_DRIVER)


def create_engine(url: str | Path, *, durability: Durability = "full") -> sa.Engine:
    """
    An engine for *url*, or for the SQLite file when it is a path. Connects to nothing yet.

    Raises:
        ConfigError: If *url* cannot be read or names another database system.
        MissingExtraError: For PostgreSQL without psycopg.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        memory = parsed.database in (None, "", ":memory:")
        engine = sa.create_engine(
            parsed,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            **({"poolclass": sa.pool.StaticPool} if memory else {}),
        )
        sa.event.listen(engine, "connect", _sqlite_settings(durability))
        return engine
    try:
        return sa.create_engine(parsed.set(drivername=POSTGRES_DRIVER), pool_pre_ping=True)
    except ModuleNotFoundError:
        raise MissingExtraError("PostgreSQL", "postgres") from None


def refuse_driver(engine: sa.Engine) -> None:
    """
    Raises:
        ConfigError: If the host's *engine* uses another driver than crmkit's fast paths.
    """
    driver = f"{engine.dialect.name}+{engine.dialect.driver}"
    if driver not in DRIVERS:
        raise ConfigError(f"engine {driver!r}: crmkit works through {' and '.join(DRIVERS)}")


def _parse(url: str | Path) -> sa.URL:
    if isinstance(url, Path) or "://" not in url:
        return sa.URL.create("sqlite", database=str(url))
    try:
        parsed = sa.engine.make_url(url)
    except sa.exc.ArgumentError:
        raise ConfigError(
            f"database {url!r}: not a database URL such as sqlite:///crm.db"
        ) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(
            f"database {parsed.drivername!r}: crmkit stores in sqlite:///file.db or postgresql://..."
        )
    return parsed


def _sqlite_settings(durability: Durability) -> Any:
    def settings(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA cache_size = -65536")
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()

    return settings


def begin(connection: sa.Connection, *, write: bool) -> None:
    """Open the database transaction now: on SQLite a writer takes the lock before it reads."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        raw.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    elif not write:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


@contextmanager
def transaction(
    engine: sa.Engine, *, write: bool = True, serializable: bool = False
) -> Iterator[sa.Connection]:
    """
    One transaction on a connection of its own: commits on success, rolls back on any exception.

    Raises:
        DatabaseError: Locked, read-only or full, said in plain words.
    """
    with translated(), engine.connect() as connection:
        if serializable and connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="SERIALIZABLE")
        with foreign_keys(connection), connection.begin() as own:
            begin(connection, write=write)
            if write or connection.dialect.name != "sqlite":
                yield connection
            else:
                with _unchanged(connection):
                    yield connection
                own.rollback()


@contextmanager
def _unchanged(connection: sa.Connection) -> Iterator[None]:
    """
    Refuse, at the end, what was written on SQLite; PostgreSQL refuses it at once.

    ``PRAGMA query_only`` would do so at once as well, but every switch of a pragma makes SQLite
    prepare all statements anew, which costs more than reading a customer's page.
    """
    raw: Any = connection.connection.dbapi_connection
    before = raw.total_changes
    yield
    if raw.total_changes != before:
        raise DatabaseReadOnlyError(
            "the unit was opened read-only; nothing was written; open it with write=True"
        )


@contextmanager
def foreign_keys(connection: sa.Connection, *, on: bool = True) -> Iterator[None]:
    """Enforce foreign keys, or not, for one transaction, also on a SQLite engine of the host's."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    (before,) = raw.execute("PRAGMA foreign_keys").fetchone()
    if before != on:
        raw.execute(f"PRAGMA foreign_keys = {on:d}")
    try:
        yield
    finally:
        if before != on and not connection.invalidated:  # as it is after Ctrl-C
            raw.execute(f"PRAGMA foreign_keys = {before}")


@contextmanager
def savepoint(connection: sa.Connection) -> Iterator[None]:
    """All of it or nothing of it, and the transaction goes on."""
    raw: Any = connection.connection.dbapi_connection
    raw.execute("SAVEPOINT crmkit")
    try:
        yield
    except BaseException:
        alive = not connection.invalidated  # it is not after Ctrl-C; SQLite may have rolled back
        if alive and (connection.dialect.name != "sqlite" or raw.in_transaction):
            raw.execute("ROLLBACK TO SAVEPOINT crmkit")
            raw.execute("RELEASE SAVEPOINT crmkit")
        raise
    raw.execute("RELEASE SAVEPOINT crmkit")


@contextmanager
def joined(connection: sa.Connection) -> Iterator[None]:
    """
    A savepoint inside the host's own transaction: on failure only crmkit's part is undone.

    The standard library's driver would commit at the release of an outermost savepoint, so on
    SQLite the transaction is begun first; the host commits it.
    """
    with translated():
        raw: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "sqlite" and not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        with connection.begin_nested():
            yield


def is_retryable(error: BaseException) -> bool:
    """Whether PostgreSQL gave up the transaction in favour of another one."""
    return any(getattr(each, "sqlstate", None) in RETRYABLE for each in _causes(error))


@contextmanager
def translated() -> Iterator[None]:
    """Say what the database means: busy, read-only, full. Also when a plugin's hook met it."""
    try:
        yield
    except DatabaseError:
        raise
    except Exception as error:
        for cause in _causes(error):
            if type(cause).__module__.partition(".")[0] in ("sqlite3", "psycopg"):
                plain = _in_plain_words(cause)
                if plain is not None:
                    raise plain from error
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _in_plain_words(error: BaseException) -> DatabaseError | None:
    text = str(error)
    state = getattr(error, "sqlstate", None)
    if "database is locked" in text or "database table is locked" in text or state == "55P03":
        return DatabaseBusyError(
            "the database is locked by another process; nothing was written, try again"
        )
    if "readonly database" in text or state == "25006":
        return DatabaseReadOnlyError(
            "the database, or this unit of work, is read-only; nothing was written; "
            "make the file and its folder writable, or open the unit with write=True"
        )
    if "database or disk is full" in text or "disk I/O error" in text or state == "53100":
        return DatabaseFullError(
            "the disk is full; the transaction was rolled back; free some space and run it again"
        )
    if "unable to open database file" in text:
        return DatabaseError("the database file cannot be opened; check that its folder exists")
    if "file is not a database" in text:
        return DatabaseError("the file is not a SQLite database")
    if str(state).startswith("08") or "connection failed" in text:
        return DatabaseError("the database server cannot be reached: " + text.splitlines()[0])
    return None
