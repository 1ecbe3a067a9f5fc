"""Copies of the database, and whether it is sound."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..errors import DatabaseError
from . import migrations
from .engine import sqlite_file, translated

__all__ = ["backup", "backup_name", "refuse_backup", "sqlite_file", "unsound", "upgrade"]


def backup_name(path: Path, now: datetime) -> Path:
    """A free name beside *path*."""
    plain = f"{path.name}.bak-{now:%Y%m%dT%H%M%SZ}"
    names = (plain, *(f"{plain}-{n}" for n in range(2, 1000)))
    return next(each for each in map(path.with_name, names) if not each.exists())


def upgrade(engine: sa.Engine, owners: Sequence[migrations.Owner], now: datetime) -> list[str]:
    """
    Bring the database to what *owners* need; returns ``owner revision`` lines.

    A SQLite file that holds something is copied first, to ``<name>.bak-<time>`` beside it.
    """
    with translated(engine, write=False), engine.connect() as connection:
        found = migrations.status(connection, owners)
    migrations.refuse_newer(found)
    path = sqlite_file(engine)
    if path and any(each.have for each in found) and any(each.pending for each in found):
        backup(engine, backup_name(path, now))
    return list(migrations.upgrade(engine, owners))


def backup(engine: sa.Engine, target: Path) -> None:
    """
    Write a consistent copy to *target*, which must not exist; readers and writers go on.

    SQLite's own backup interface for a file; ``pg_dump`` in its custom format for PostgreSQL. The
    copy gets its name only when it is complete.

    Raises:
        DatabaseError: If *target* exists, or there is nothing that could be copied.
    """
    refuse_backup(engine, target)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with translated():
            if engine.dialect.name == "sqlite":
                _copy_sqlite(engine, part)
            else:
                _dump_postgres(engine, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def refuse_backup(engine: sa.Engine, target: Path) -> None:
    """
    Raises:
        DatabaseError: If *target* exists, its folder does not, or a program is missing.
    """
    if target.exists():
        raise DatabaseError(f"{target} exists; name another file for the backup")
    if not target.absolute().parent.is_dir():
        raise DatabaseError(f"there is no folder {target.parent}; make it, or name another file")
    if engine.dialect.name != "sqlite":
        _pg_dump()


def _pg_dump() -> str:
    program = shutil.which("pg_dump")
    if program is None:
        raise DatabaseError("pg_dump is not installed; install PostgreSQL's client programs")
    return program


def _copy_sqlite(engine: sa.Engine, target: Path) -> None:
    with engine.connect() as connection, closing(sqlite3.connect(target)) as copy:
        raw: Any = connection.connection.dbapi_connection
        raw.backup(copy)


def _dump_postgres(engine: sa.Engine, target: Path) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        [_pg_dump(), "--format=custom", f"--file={target}", f"--dbname={url}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DatabaseError(f"pg_dump failed: {done.stderr.strip()}")


def unsound(connection: sa.Connection) -> list[str]:
    """What SQLite's own checks find: damaged pages, rows that point nowhere. Empty when sound."""
    if connection.dialect.name != "sqlite":
        return []
    damage = [
        row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"
    ]
    lost = [
        f"{row[0]} row {row[1]} points to no {row[2]}"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    return damage + lost
