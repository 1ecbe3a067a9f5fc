"""Column types that mean the same on SQLite (STRICT tables) and PostgreSQL."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ..errors import InvalidValueError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_NUL = re.compile(r"(?<!\\)(\\\\)*\\u0000")


def to_micros(at: datetime) -> int:
    """Microseconds since 1970, exact; how SQLite stores an instant."""
    return (at - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    return EPOCH + timedelta(0, 0, micros)


def to_json(value: object) -> str:
    """
    Compact, key-sorted JSON.

    Raises:
        InvalidValueError: If *value* is not JSON-ready, or holds what PostgreSQL cannot store: NUL,
            NaN, half a surrogate pair.
    """
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
        )
        text.encode()
    except (TypeError, ValueError) as exc:
        raise InvalidValueError("document", value, f"JSON-ready values ({exc})") from exc
    if "\\u0000" in text and _NUL.search(text):
        raise InvalidValueError("document", value, "text without NUL characters")
    return text


def read_json(stored: object) -> Any:
    """A document as the driver returns it: text on SQLite, already parsed on PostgreSQL."""
    return json.loads(stored) if isinstance(stored, str) else stored


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime: ``timestamptz`` on PostgreSQL, integer microseconds on SQLite."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.INTEGER())
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return to_micros(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return from_micros(value) if dialect.name == "sqlite" else value.astimezone(UTC)


class Json(sa.types.TypeDecorator[Any]):
    """A JSON document: ``jsonb`` on PostgreSQL, text on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.JSONB())
        return dialect.type_descriptor(sa.TEXT())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else to_json(value)

    def process_result_value(self, value: Any, _: sa.Dialect) -> Any:
        return json.loads(value) if isinstance(value, str) else value


class Flag(sa.types.TypeDecorator[bool]):
    """True or false: ``boolean`` on PostgreSQL, 0 or 1 on SQLite."""

    impl = sa.Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.INTEGER())
        return dialect.type_descriptor(sa.BOOLEAN())

    def process_bind_param(self, value: bool | None, dialect: sa.Dialect) -> Any:
        return int(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, _: sa.Dialect) -> bool | None:
        return None if value is None else bool(value)


Id = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
"""A 64-bit integer; as a single primary key it is SQLite's rowid."""

Count = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
"""A 64-bit integer: a count, or an amount in minor units."""

Text = sa.Text()
"""Text of any length. Lengths are checked at the border, not by the column."""

Real: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")
"""A double."""


def encoder(column: sa.Column[Any], dialect: str) -> Callable[[Any], Any] | None:
    """What turns a Python value of *column* into the driver's own, or None where it already is."""
    if isinstance(column.type, Json):
        return _encode_json
    if dialect == "sqlite" and isinstance(column.type, Instant):
        return _encode_micros
    if dialect == "sqlite" and isinstance(column.type, Flag):
        return _encode_flag
    return None


def decoder(column: sa.Column[Any], dialect: str) -> Callable[[Any], Any] | None:
    """The inverse of :func:`encoder`."""
    if dialect != "sqlite":
        return None
    if isinstance(column.type, Json):
        return _decode_json
    if isinstance(column.type, Instant):
        return _decode_micros
    return bool if isinstance(column.type, Flag) else None


def _encode_json(value: object) -> str | None:
    return None if value is None else to_json(value)


def _encode_micros(value: datetime | None) -> int | None:
    return None if value is None else (value - EPOCH) // MICROSECOND


def _encode_flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _decode_json(value: str | None) -> object:
    return None if value is None else json.loads(value)


def _decode_micros(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(0, 0, value)
