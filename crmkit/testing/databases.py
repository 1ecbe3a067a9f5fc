"""A fresh database for every test: a SQLite file, and a schema of a real PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    import sqlalchemy as sa

POSTGRES: Final = "CRMKIT_TEST_POSTGRES"
"""Environment variable with the URL of a server the tests may create databases on."""
POSTGRES_DEFAULT: Final = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """URL of a database made for this test run; skips, saying what to start, without a server."""
    psycopg = pytest.importorskip("psycopg", reason="pip install 'crmkit[postgres]'")
    import sqlalchemy as sa

    server = sa.make_url(os.environ.get(POSTGRES, POSTGRES_DEFAULT))
    server = server.set(drivername="postgresql+psycopg")
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    name = f"crmkit_test_{os.getpid()}_{os.urandom(3).hex()}"
    try:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    except (sa.exc.OperationalError, psycopg.OperationalError) as exc:
        told = str(exc).splitlines()[0]
        pytest.skip(f"no PostgreSQL at {server}: start one or set {POSTGRES} ({told})")
    url = server.set(database=name)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    engine.dispose()
    yield url
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'crm.db'}"
        return
    import sqlalchemy as sa

    server: sa.URL = request.getfixturevalue("postgres_server")
    engine = sa.create_engine(server)
    schema = f"t{os.urandom(6).hex()}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    url = server.update_query_dict({"options": f"-csearch_path={schema},public"})
    yield url.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    engine.dispose()
