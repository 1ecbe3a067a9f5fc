"""What templates are given, made of the JSON that came, and how it looks when it is written out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from babel import Locale, dates, numbers

from .faults import MissingError, RefusedError

WIDTHS: Final = ("short", "medium", "long", "full")


class Amount(NamedTuple):
    """Money: in major units, exact."""

    value: Decimal
    currency: str


class Sample(str):
    """Stands for a value that only the sender of a message knows; fits wherever one fits."""

    __slots__ = ()


_MADE: Final[dict[str, Callable[[Any], object]]] = {
    "$money": lambda told: Amount(Decimal(told[0]).scaleb(-told[1]), told[2]),
    "$number": Decimal,
    "$sample": Sample,
    "$time": datetime.fromisoformat,
    "$date": date.fromisoformat,
}


def read(document: bytes) -> Any:
    """The data of a message: read-only all the way down."""
    return frozen(json.loads(document, object_hook=_made))


def _made(told: dict[str, Any]) -> object:
    if len(told) == 1:
        ((name, value),) = told.items()
        if name in _MADE:
            return _MADE[name](value)
    return told


def frozen(value: Any) -> Any:
    if type(value) is dict:
        return MappingProxyType({name: frozen(each) for name, each in value.items()})
    return tuple(map(frozen, value)) if type(value) is list else value


def written(value: Any, locale: Locale) -> str:
    """
    *value* as it stands in a message.

    Raises:
        MissingError: If there is none.
        RefusedError: If it is nothing that can be read.
    """
    if isinstance(value, str):
        return value
    if value is None:
        raise MissingError("a value is missing; give another one with |default('...')")
    if isinstance(value, Amount):
        return money(value, locale)
    if isinstance(value, bool):
        raise RefusedError("yes or no cannot be written out; ask for it with {% if ... %}")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return numbers.format_decimal(value, locale=locale)
    if isinstance(value, datetime):
        return moment(value, locale)
    if isinstance(value, date):
        return day(value, locale)
    raise RefusedError("a list or a group of values cannot be written out; name one of it")


def money(value: Any, locale: Locale) -> str:
    if not isinstance(value, Amount):
        raise RefusedError(f"|money: {value!r:.60} is no amount of money")
    return numbers.format_currency(value.value, value.currency, locale=locale)


def number(value: Any, locale: Locale, digits: int | None = None) -> str:
    amount = value.value if isinstance(value, Amount) else value
    if isinstance(amount, bool) or not isinstance(amount, int | float | Decimal):
        raise RefusedError(f"|number: {value!r:.60} is no number")
    if digits is not None:
        amount = round(Decimal(str(amount)), min(max(int(digits), 0), 12))
        pattern = "#,##0" + ("." + "0" * min(int(digits), 12) if digits > 0 else "")
        return numbers.format_decimal(amount, format=pattern, locale=locale)
    return numbers.format_decimal(amount, locale=locale)


def percent(value: Any, locale: Locale) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise RefusedError(f"|percent: {value!r:.60} is no number")
    return numbers.format_percent(value, locale=locale)


def day(value: Any, locale: Locale, width: str = "medium") -> str:
    if not isinstance(value, date):
        raise RefusedError(f"|date: {value!r:.60} is no date")
    return dates.format_date(value, format=_width(width), locale=locale)


def clock(value: Any, locale: Locale, width: str = "short") -> str:
    if not isinstance(value, datetime):
        raise RefusedError(f"|time: {value!r:.60} has no time of day")
    plain: time = value.timetz()
    return dates.format_time(plain.replace(tzinfo=None), format=_width(width), locale=locale)


def moment(value: Any, locale: Locale, width: str = "medium") -> str:
    """The day in *width* and the time of day to the minute."""
    if not isinstance(value, datetime):
        return day(value, locale, width)
    pattern = dates.get_datetime_format(_width(width), locale=locale)
    told = str(pattern).replace("'", "")
    return told.replace("{1}", day(value, locale, width)).replace("{0}", clock(value, locale))


def _width(given: str) -> Any:
    if given not in WIDTHS:
        raise RefusedError(f"{given!r:.40} is no width; accepted: {', '.join(WIDTHS)}")
    return given
