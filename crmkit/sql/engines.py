"""
Reading features where the facts are, when they outgrow one machine or one row store.

crmkit never writes there. The facts lie in tables and columns named as in crmkit; instants are
``TIMESTAMPTZ`` on DuckDB, ``TIMESTAMP`` on Spark; text is text, and so are JSON documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from .portable import DuckDB, Spark

CHUNK: Final = 1_000
Fetch: TypeAlias = Callable[[sa.Select[Any]], Iterator[list[tuple[Any, ...]]]]
"""Runs a SELECT and yields its rows in chunks, of plain tuples."""


def on_duckdb(connection: Any) -> Fetch:
    """Features by *connection*, which ``duckdb.connect`` has made."""

    def fetch(select: sa.Select[Any]) -> Iterator[list[tuple[Any, ...]]]:
        compiled = _compiled(select, DuckDB)
        values = [compiled.params[name] for name in compiled.positiontup]
        result = connection.execute(str(compiled), values)
        while rows := result.fetchmany(CHUNK):
            yield rows

    return fetch


def on_spark(session: Any) -> Fetch:
    """
    Features by *session*, a ``pyspark.sql.SparkSession``.

    Raises:
        ValueError: If the session's time zone is not UTC: months and days would be others.
    """
    zone = session.conf.get("spark.sql.session.timeZone")
    if zone not in ("UTC", "Etc/UTC", "Z"):
        raise ValueError(f"the session is in {zone}; set spark.sql.session.timeZone to UTC")

    def fetch(select: sa.Select[Any]) -> Iterator[list[tuple[Any, ...]]]:
        compiled = _compiled(select, Spark)
        rows = session.sql(str(compiled), args=dict(compiled.params)).toLocalIterator()
        while chunk := [tuple(row) for row in islice(rows, CHUNK)]:
            yield chunk

    return fetch


def _compiled(select: sa.Select[Any], dialect: type[sa.Dialect]) -> Any:
    return select.compile(dialect=dialect(), compile_kwargs={"render_postcompile": True})
