"""Cells to values: numbers, money and instants. Nothing is guessed; nothing is rounded unasked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from crmkit import InvalidValueError

from .errors import MappingError, UnstatedError

_PLAIN: Final = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
_GAPS: Final = "' \u00a0\u202f\u2019"
_GROUPED: Final = {
    decimal: re.compile(
        rf"([+-]?)([0-9]{{1,3}}(?:[{other}{_GAPS}][0-9]{{3}})+|[0-9]{{1,20}})"
        rf"([{decimal}][0-9]{{1,20}})?"
    )
    for decimal, other in ((".", ","), (",", "."))
}
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
_DATE: Final = re.compile(
    r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})"
    r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])\.?[Mm]\.?)?)?",
    re.ASCII,
)
_UNSTATED: Final = re.compile(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}\b", re.ASCII)
EXACT: Final = Context(prec=100)
"""Wide enough that no product of two cells is rounded."""
_MOST_REMEMBERED: Final = 100_000


def read_number(text: str, decimal: str, field: str = "number") -> Decimal:
    """
    Args:
        decimal: ``.`` or ``,`` when it was stated; empty takes a point and no thousands.

    Raises:
        InvalidValueError: If *text* is no finite decimal number in that notation.
    """
    if not decimal or (decimal == "." and _PLAIN.fullmatch(text)):
        if _PLAIN.fullmatch(text):
            return Decimal(text)
        hint = '; state decimal = "," or "." in the mapping' if "," in text else ""
        raise InvalidValueError(field, text, f"a number such as 1234.50{hint}")
    found = _GROUPED[decimal].fullmatch(text)
    if found is None:
        raise InvalidValueError(field, text, f"a number such as 1234{decimal}50")
    sign, whole, fraction = found.groups(default="")
    return Decimal(f"{sign}{_NOT_DIGITS.sub('', whole)}.{fraction[1:] or '0'}")


def whole_number(text: str, column: str) -> str:
    """
    ``17850.0`` as ``17850``; an empty cell stays empty.

    Raises:
        InvalidValueError: If it is no whole number.
    """
    whole, _, fraction = text.partition(".")
    if text and (not (whole.isascii() and whole.isdigit()) or fraction.strip("0")):
        raise InvalidValueError(column, text, "a whole number such as 17850 or 17850.0")
    return whole


def minor_units(amount: Decimal, digits: int, field: str, rounding: str) -> int:
    """
    *amount* in units of 10 ** -*digits*.

    Raises:
        InvalidValueError: If it is not exact and no *rounding* was asked for.
    """
    scaled = amount.scaleb(digits, EXACT)
    whole = scaled.to_integral_value(ROUND_HALF_EVEN)
    if whole != scaled and not rounding:
        hint = 'or rounding = "half_even" in the mapping' if field == "line" else "as the currency"
        raise InvalidValueError(
            field, f"{amount.normalize():f}", f"an amount of at most {digits} decimals, {hint}"
        )
    return int(whole)


class Dates:
    """
    Reads instants in the stated order and zone.

    Raises:
        MappingError: If *order* or *zone* is none.
    """

    def __init__(self, order: str, zone: str) -> None:
        if order not in ("", "iso", "dmy", "mdy") and "%" not in order:
            raise MappingError(
                f'dates = {order!r}: expected "iso", "dmy", "mdy" or a pattern such as "%d.%m.%Y"'
            )
        self._order = order
        self._zone = _zone(zone) if zone else None
        self._known: dict[str, datetime] = {}

    def read(self, text: str) -> datetime:
        """
        The instant in UTC. A date alone is its midnight in the stated zone.

        Raises:
            UnstatedError: If the order of day and month, or the zone, would have to be guessed.
            InvalidValueError: If it is no instant.
        """
        try:
            return self._known[text]
        except KeyError:
            pass
        at = self._parsed(text)
        if at.tzinfo is None:
            if self._zone is None:
                accepted = 'a time with a zone; or state time_zone = "Europe/London" in the mapping'
                raise UnstatedError("at", text, accepted)
            at = at.replace(tzinfo=self._zone)
        try:
            at = at.astimezone(UTC)
        except OverflowError:
            raise InvalidValueError("at", text, "a year between 1 and 9999") from None
        if len(self._known) < _MOST_REMEMBERED:
            self._known[text] = at
        return at

    def _parsed(self, text: str) -> datetime:
        try:
            if "%" in self._order:
                return datetime.strptime(text, self._order)
            found = _DATE.fullmatch(text) if self._order in ("dmy", "mdy") else None
            return self._ordered(*found.groups()) if found else datetime.fromisoformat(text)
        except ValueError:
            pass
        if not self._order and _UNSTATED.match(text):
            accepted = 'a date like 2026-04-03; or state dates = "dmy" or "mdy" in the mapping'
            raise UnstatedError("at", text, accepted)
        raise InvalidValueError("at", text, _EXPECTED.get(self._order, f"a time as {self._order}"))

    def _ordered(self, *parts: str | None) -> datetime:
        first, second, year, hour, minute, seconds = (int(each or 0) for each in parts[:6])
        day, month = (first, second) if self._order == "dmy" else (second, first)
        if parts[6]:
            if not 1 <= hour <= 12:
                raise ValueError("hour")
            hour = hour % 12 + (12 if parts[6] in "Pp" else 0)
        return datetime(year, month, day, hour, minute, seconds)


_EXPECTED: Final = {
    "": "a time like 2026-04-03 14:05",
    "iso": "a time like 2026-04-03 14:05",
    "dmy": "a time like 03/04/2026 14:05, the day first",
    "mdy": "a time like 04/03/2026 14:05, the month first",
}


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise MappingError(
            f"time_zone = {name!r}: expected an IANA name such as Europe/London"
        ) from None
