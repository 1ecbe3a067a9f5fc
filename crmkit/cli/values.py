"""What may be written on the command line for an instant, an amount, a document ..."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from crmkit import Identity, Line, Money


class Value(click.ParamType[Any]):
    """A click type made of one function that raises ValueError."""

    def __init__(self, name: str, read: Any) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


def _instant(text: str) -> datetime:
    accepted = "a date (midnight UTC), or an instant with its offset such as 2026-01-05T09:30+01:00"
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not accepted; expected {accepted}") from None
    if at.tzinfo is None and len(text.strip()) > len("2026-01-05"):
        raise ValueError(f"{text!r} has no offset from UTC; expected {accepted}")
    return at.replace(tzinfo=at.tzinfo or UTC)


def _money(text: str) -> Money:
    from crmkit import Money

    return Money.parse(text)


def _identity(text: str) -> Identity:
    from crmkit import Identity

    namespace, _, external_id = text.partition(":")
    return Identity(namespace, external_id)


def _document(text: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ValueError(f"{text!r} is not JSON: {exc}") from None
    if not isinstance(document, dict):
        raise ValueError(f'{text!r} is not a JSON object such as {{"stars": 5}}')
    return document


def _line(text: str) -> Line:
    from crmkit import Line

    fields = text.split(",")
    if len(fields) != 3:
        raise ValueError(f"{text!r} is not SKU,QUANTITY,AMOUNT such as 'A-7,2,19.90 EUR'")
    try:
        quantity = float(fields[1])
    except ValueError:
        raise ValueError(f"quantity {fields[1]!r} is not a number") from None
    return Line(sku=fields[0].strip(), quantity=quantity, amount=_money(fields[2]))


def _setting(text: str) -> tuple[str, object]:
    """``name=value``; a value that reads as JSON is that, anything else is text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value, parse_float=str)
    except json.JSONDecodeError:
        return name, value


INSTANT = Value("instant", _instant)
MONEY = Value("amount", _money)
IDENTITY = Value("namespace:id", _identity)
DOCUMENT = Value("json", _document)
LINE = Value("sku,quantity,amount", _line)
SETTING = Value("name=value", _setting)
