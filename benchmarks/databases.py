"""Where a benchmark runs: a file of its own, and a PostgreSQL server where one is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa


def databases(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """A fresh database each, SQLite first; the server's is dropped when the next is asked for."""
    yield "SQLite", f"sqlite:///{folder / name}.db"
    server = os.environ.get("CRMKIT_BENCH_POSTGRES")
    if server:
        own = f"crmkit_bench_{name}"
        engine = sa.create_engine(
            sa.make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {own}")
        yield "PostgreSQL", server.rpartition("/")[0] + f"/{own}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {own} WITH (FORCE)")
