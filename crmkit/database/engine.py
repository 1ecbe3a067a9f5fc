"""Every engine setting, and how a transaction begins, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import sqlalchemy as sa

from ..errors import (
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
    with translated(engine, write=write), engine.connect() as connection:
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
    with translated(connection.engine):
        raw: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "sqlite" and not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        with connection.begin_nested():
            yield


def is_retryable(error: BaseException) -> bool:
    """Whether PostgreSQL gave up the transaction in favour of another one."""
    return any(getattr(each, "sqlstate", None) in RETRYABLE for each in _causes(error))


@contextmanager
def translated(engine: sa.Engine | None = None, *, write: bool = True) -> Iterator[None]:
    """
    Say what the database means: busy, read-only, full. Also when a plugin's hook met it.

    The file is named when the *engine* is given; a unit that does not *write* rolls nothing back.
    """
    try:
        yield
    except DatabaseError:
        raise
    except Exception as error:
        for cause in _causes(error):
            if type(cause).__module__.partition(".")[0] in ("sqlite3", "psycopg"):
                file = None if engine is None else sqlite_file(engine)
                plain = _in_plain_words(cause, file, write=write)
                if plain is not None:
                    raise plain from error
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def sqlite_file(engine: sa.Engine) -> Path | None:
    """The file behind a SQLite engine; None for memory, for a ``file:`` URI and for PostgreSQL."""
    name = engine.url.database or ":memory:"
    if engine.dialect.name != "sqlite" or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name)


def _in_plain_words(
    error: BaseException, file: Path | None, *, write: bool
) -> DatabaseError | None:
    text = str(error)
    state = getattr(error, "sqlstate", None)
    if "database is locked" in text or "database table is locked" in text or state == "55P03":
        return DatabaseBusyError(
            "the database is locked by another process; nothing was written, try again"
        )
    if "readonly database" in text or state == "25006":
        if file is not None and (beside := _read_only_beside(file)):
            return DatabaseReadOnlyError(
                f"{beside} is read-only; nothing was written; make it writable, as {file} is"
            )
        return DatabaseReadOnlyError(
            "the database, or this unit of work, is read-only; nothing was written; "
            "make the file and its folder writable, or open the unit with write=True"
        )
    if "database or disk is full" in text or "disk I/O error" in text or state == "53100":
        told = "the transaction was rolled back" if write else "nothing was written"
        return DatabaseFullError(f"the disk is full; {told}; free some space and run it again")
    if "unable to open database file" in text:
        named = "the database file" if file is None else f"the database {file}"
        return DatabaseError(f"{named} cannot be opened: {_why_closed(file)}")
    if "file is not a database" in text:
        return DatabaseError("the file is not a SQLite database")
    if str(state).startswith("08") or "connection failed" in text:
        return DatabaseError("the database server cannot be reached: " + text.splitlines()[0])
    return None


def _read_only_beside(file: Path) -> Path | None:
    """SQLite's own file beside a writable *file* that may not be written to."""
    if not os.access(file, os.W_OK):
        return None
    beside = (file.with_name(file.name + suffix) for suffix in ("-shm", "-wal"))
    return next(
        (each for each in beside if os.access(each, os.F_OK) and not os.access(each, os.W_OK)), None
    )


def _why_closed(file: Path | None) -> str:
    if file is not None and os.access(file, os.F_OK):
        return "it is a folder" if file.is_dir() else "it, or a file beside it, may not be read"
    return "its folder does not exist or may not be read"
