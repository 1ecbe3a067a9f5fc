"""Typed custom attributes of customers: defined once, checked on every write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, get_args

import attrs

from ..errors import InvalidValueError, nearest
from .matching import has_control

LONGEST_DECIMAL: Final = 30
AttributeType = Literal["text", "integer", "decimal", "boolean", "date", "choice"]


@attrs.frozen(kw_only=True)
class Attribute:
    """
    One custom attribute.

    Attributes:
        choices: The accepted values when *type* is ``choice``.
        indexed: Keep an index row per customer, so that customers can be found by it.
    """

    name: str = attrs.field(validator=attrs.validators.matches_re(r"[a-z][a-z0-9_]{0,62}"))
    type: AttributeType = attrs.field(validator=attrs.validators.in_(get_args(AttributeType)))
    choices: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    indexed: bool = False

    def check(self, value: object) -> object:
        """
        The value as it is stored: decimals and dates as text, the rest as they are.

        Raises:
            InvalidValueError: If *value* is not of this attribute's type.
        """
        checked = getattr(self, f"_{self.type}")(value)
        if checked is None:
            accepted = f"one of {', '.join(self.choices)}" if self.choices else _ACCEPTED[self.type]
            raise InvalidValueError(f"attributes.{self.name}", value, accepted)
        return checked

    def _text(self, value: object) -> str | None:
        if isinstance(value, str) and len(value) <= 10_000 and not has_control(value):
            return value
        return None

    def _choice(self, value: object) -> str | None:
        return value if isinstance(value, str) and value in self.choices else None

    def _integer(self, value: object) -> int | None:
        return value if type(value) is int and abs(value) < 1 << 63 else None

    def _boolean(self, value: object) -> bool | None:
        return value if isinstance(value, bool) else None

    def _decimal(self, value: object) -> str | None:
        if isinstance(value, bool | float):
            return None
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return None
        if not number.is_finite() or abs(number.adjusted()) > LONGEST_DECIMAL:
            return None
        written = f"{number:f}"
        return (written.rstrip("0").rstrip(".") if "." in written else written) if number else "0"

    def _date(self, value: object) -> str | None:
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            return None


_ACCEPTED = {
    "text": "text of at most 10000 characters without control characters",
    "integer": "a 64-bit integer",
    "decimal": "an exact decimal such as '12.5'",
    "boolean": "true or false",
    "date": "a date such as 2026-11-22",
    "choice": "one of its choices",
}


def check_attributes(
    values: Mapping[str, object], defined: Mapping[str, Attribute]
) -> dict[str, object]:
    """
    *values* as they are stored.

    Raises:
        InvalidValueError: If one is undefined or not of its type.
    """
    for name in values:
        if name not in defined:
            known = ", ".join(sorted(defined)) or "none is defined"
            raise InvalidValueError(
                "attributes", name, f"a defined attribute{nearest(name, defined)} ({known})"
            )
    return {name: defined[name].check(value) for name, value in values.items()}
