"""
The few SQL constructs that features need and that engines write differently.

Each means the same on every engine. SQLite and PostgreSQL have their own compilation; what has
none compiles to standard SQL, and an engine that differs registers its own with ``@compiles``.
Instants are in UTC. NULL gives NULL unless said otherwise.
"""

# ruff: noqa: N801  what reads as SQL is named as SQL

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ..core.columns import Count, Instant

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

_as(
    int_div,
    sqlite="({0} / {1})",
    postgresql="({0} / NULLIF({1}, 0))",
    other="CAST(({0} - MOD({0}, NULLIF({1}, 0))) / NULLIF({1}, 0) AS BIGINT)",
)
_as(greatest, sqlite="coalesce(max({0}, {1}), {0}, {1})", other="greatest({0}, {1})")
_as(least, sqlite="coalesce(min({0}, {1}), {0}, {1})", other="least({0}, {1})")
_as(
    days_between,
    sqlite=f"(({{1}} - {{0}}) / {DAY})",
    other="CAST(EXTRACT(DAY FROM {1} - {0}) AS BIGINT)",
)
_as(
    epoch_micros,
    sqlite="{0}",
    other="CAST(EXTRACT(EPOCH FROM {0}) * 1000000 AS BIGINT)",
)
_as(
    epoch_day,
    sqlite=f"(({{0}} - {DAY - 1} * ({{0}} < 0)) / {DAY})",
    other="CAST(CAST({0} AT TIME ZONE 'UTC' AS DATE) - DATE '1970-01-01' AS BIGINT)",
)
_as(
    year_month,
    sqlite=f"CAST(strftime('%Y%m', {_SECONDS}, 'unixepoch') AS INTEGER)",
    other="CAST(EXTRACT(YEAR FROM {0} AT TIME ZONE 'UTC') * 100"
    " + EXTRACT(MONTH FROM {0} AT TIME ZONE 'UTC') AS BIGINT)",
)
_as(
    month_of,
    sqlite=f"CAST(strftime('%m', {_SECONDS}, 'unixepoch') AS INTEGER)",
    other="CAST(EXTRACT(MONTH FROM {0} AT TIME ZONE 'UTC') AS BIGINT)",
)
_as(
    day_of,
    sqlite=f"CAST(strftime('%d', {_SECONDS}, 'unixepoch') AS INTEGER)",
    other="CAST(EXTRACT(DAY FROM {0} AT TIME ZONE 'UTC') AS BIGINT)",
)
_as(transaction_number, sqlite="0", other="txid_current()")
