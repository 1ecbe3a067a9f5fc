"""
The few SQL constructs that features need and that engines write differently.

Each means the same on SQLite, PostgreSQL, DuckDB and Spark; what has no compilation of its own
compiles to standard SQL, and another engine that differs registers its own with ``@compiles``.
Instants are in UTC. NULL gives NULL unless said otherwise. The two dialects at the end compile a
whole feature for the engines that crmkit only reads from.
"""

# ruff: noqa: N801  what reads as SQL is named as SQL

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import IdentifierPreparer
from sqlalchemy.sql.functions import FunctionElement

from ..database.columns import Count, Instant

Given: TypeAlias = sa.ColumnElement[Any] | int | datetime
DAY: Final = 86_400_000_000
"""Microseconds."""


class _Construct(FunctionElement[int]):
    """A function of one or two operands that returns a 64-bit integer."""

    inherit_cache = True
    type = sa.BigInteger()

    def __init__(self, *operands: Given) -> None:
        super().__init__(
            *(
                sa.literal(each, Instant()) if isinstance(each, datetime) else each
                for each in operands
            )
        )


class int_div(_Construct):
    """``int_div(a, b)``: the quotient without its fraction; NULL where *b* is 0."""

    inherit_cache = True


class greatest(_Construct):
    """``greatest(a, b)``: the larger integer; the other one where one is NULL."""

    inherit_cache = True


class least(_Construct):
    """``least(a, b)``: the smaller integer; the other one where one is NULL."""

    inherit_cache = True


class days_between(_Construct):
    """``days_between(earlier, later)``: whole days that passed; negative when swapped."""

    inherit_cache = True


class epoch_micros(_Construct):
    """Microseconds since 1970-01-01."""

    inherit_cache = True


class epoch_day(_Construct):
    """Days since 1970-01-01: to count the distinct days of something."""

    inherit_cache = True


class year_month(_Construct):
    """The calendar month as 202601."""

    inherit_cache = True


class month_of(_Construct):
    """Month of the year, 1 to 12."""

    inherit_cache = True


class day_of(_Construct):
    """Day of the month, 1 to 31."""

    inherit_cache = True


class transaction_number(_Construct):
    """A number no other transaction that is under way has; 0 on SQLite: writers take turns."""

    inherit_cache = True


def int_sum(
    summand: sa.ColumnElement[Any], where: sa.ColumnElement[bool] | None = None
) -> sa.ColumnElement[int]:
    """
    Sum of integers, of the rows that satisfy *where*; NULL over none.

    A plain ``sum`` of bigints is a slow decimal on PostgreSQL.
    """
    total: Any = sa.func.sum(summand)
    return sa.cast(total if where is None else total.filter(where), Count)


def _as(construct: type[_Construct], **templates: str) -> None:
    """Register SQL by engine, with ``{0}`` and ``{1}`` for the operands."""
    for engine, template in templates.items():
        compiler = _compiler(template)
        if engine == "other":
            compiles(construct)(compiler)
        else:
            compiles(construct, engine)(compiler)


def _compiler(template: str) -> Callable[..., str]:
    def compile_construct(element: _Construct, compiler: Any, **kw: Any) -> str:
        operands = [f"({compiler.process(each, **kw)})" for each in element.clauses]
        return template.format(*operands)

    return compile_construct


_SECONDS: Final = "(({0} - 999999 * ({0} < 0)) / 1000000)"
"""On SQLite: seconds rounded down, also before 1970, where / rounds towards zero."""
_UTC: Final = "make_timestamp(epoch_us({0}))"
"""On DuckDB: the instant in UTC, whatever time zone the session is in."""

_as(
    int_div,
    sqlite="({0} / {1})",
    postgresql="({0} / NULLIF({1}, 0))",
    duckdb="({0} // NULLIF({1}, 0))",
    spark="({0} DIV NULLIF({1}, 0))",
    other="CAST(({0} - MOD({0}, NULLIF({1}, 0))) / NULLIF({1}, 0) AS BIGINT)",
)
_as(greatest, sqlite="coalesce(max({0}, {1}), {0}, {1})", other="greatest({0}, {1})")
_as(least, sqlite="coalesce(min({0}, {1}), {0}, {1})", other="least({0}, {1})")
_as(
    days_between,
    sqlite=f"(({{1}} - {{0}}) / {DAY})",
    duckdb=f"((epoch_us({{1}}) - epoch_us({{0}})) // {DAY})",
    spark=f"((unix_micros({{1}}) - unix_micros({{0}})) DIV {DAY})",
    other="CAST(EXTRACT(DAY FROM {1} - {0}) AS BIGINT)",
)
_as(
    epoch_micros,
    sqlite="{0}",
    duckdb="epoch_us({0})",
    spark="unix_micros({0})",
    other="CAST(EXTRACT(EPOCH FROM {0}) * 1000000 AS BIGINT)",
)
_as(
    epoch_day,
    sqlite=f"(({{0}} - {DAY - 1} * ({{0}} < 0)) / {DAY})",
    duckdb=f"CAST(floor(epoch_us({{0}}) / {DAY}.0) AS BIGINT)",
    spark=f"((unix_micros({{0}}) - pmod(unix_micros({{0}}), {DAY})) DIV {DAY})",
    other="CAST(CAST({0} AT TIME ZONE 'UTC' AS DATE) - DATE '1970-01-01' AS BIGINT)",
)
_as(
    year_month,
    sqlite=f"CAST(strftime('%Y%m', {_SECONDS}, 'unixepoch') AS INTEGER)",
    duckdb=f"CAST(year({_UTC}) * 100 + month({_UTC}) AS BIGINT)",
    spark="CAST(year({0}) * 100 + month({0}) AS BIGINT)",
    other="CAST(EXTRACT(YEAR FROM {0} AT TIME ZONE 'UTC') * 100"
    " + EXTRACT(MONTH FROM {0} AT TIME ZONE 'UTC') AS BIGINT)",
)
_as(
    month_of,
    sqlite=f"CAST(strftime('%m', {_SECONDS}, 'unixepoch') AS INTEGER)",
    duckdb=f"CAST(month({_UTC}) AS BIGINT)",
    spark="CAST(month({0}) AS BIGINT)",
    other="CAST(EXTRACT(MONTH FROM {0} AT TIME ZONE 'UTC') AS BIGINT)",
)
_as(
    day_of,
    sqlite=f"CAST(strftime('%d', {_SECONDS}, 'unixepoch') AS INTEGER)",
    duckdb=f"CAST(day({_UTC}) AS BIGINT)",
    spark="CAST(day({0}) AS BIGINT)",
    other="CAST(EXTRACT(DAY FROM {0} AT TIME ZONE 'UTC') AS BIGINT)",
)
_as(transaction_number, sqlite="0", other="txid_current()")


class DuckDB(PGDialect):
    """For DuckDB, which speaks PostgreSQL's SQL; parameters are ``$1``, ``$2`` ..."""

    name = "duckdb"
    default_paramstyle = "numeric_dollar"
    supports_statement_cache = True


class Spark(DefaultDialect):
    """For Spark SQL with its session in UTC; parameters are ``:name``."""

    name = "spark"
    default_paramstyle = "named"
    supports_statement_cache = True

    def __init__(self) -> None:
        super().__init__()
        self.identifier_preparer = IdentifierPreparer(self, initial_quote="`")


compiles(sa.Text, "spark")(lambda element, compiler, **kw: "STRING")  # noqa: ARG005
