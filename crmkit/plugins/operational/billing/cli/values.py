"""What is written for an item, a line, an amount, a day; how documents are shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import click

from crmkit import Money
from crmkit.cli import emit_one, say

from .. import queries, telling
from ..model import Document, Item, quantity

C = TypeVar("C", bound=Callable[..., Any])
DAY = click.DateTime(["%Y-%m-%d"])


class Read(click.ParamType[Any]):
    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._read(value) if isinstance(value, str) else value
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


def _item(text: str) -> Item:
    sku, *rest = (each.strip() for each in text.split(","))
    if len(rest) > 2:
        raise ValueError(f"{text!r} is not SKU[,QUANTITY[,PRICE]] such as 'CUP,2,9.90 EUR'")
    price = Money.parse(rest[1]) if len(rest) == 2 else None
    name = sku if price else ""
    return Item(sku=sku, name=name, quantity=quantity((rest or ["1"])[0]), price=price)


def _part(text: str) -> tuple[int, Decimal]:
    place, equals, amount = text.partition("=")
    if not equals or not place.isdecimal():
        raise ValueError(f"{text!r} is not LINE=QUANTITY such as 1=2")
    return int(place), quantity(amount)


ITEM, PART, AMOUNT = Read("item", _item), Read("line", _part), Read("amount", Money.parse)
item_option = click.option(
    "--item", "items", type=ITEM, multiple=True, help="SKU[,QUANTITY[,PRICE]]; may be repeated."
)
part_option = click.option(
    "--line", "parts", type=PART, multiple=True, help="LINE=QUANTITY; default all that is left."
)


def period_options(command: C) -> C:
    """The options ``--since`` and ``--until``."""
    since = click.option("--since", type=DAY, help="From this day on (UTC); default a year before.")
    until = click.option("--until", type=DAY, help="Before this day (UTC); default now.")
    return since(until(command))


def period(
    now: datetime, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """Bookings of this very moment are within."""
    end = until.replace(tzinfo=UTC) if until else now + timedelta(seconds=1)
    return (since.replace(tzinfo=UTC) if since else end - timedelta(days=365)), end


def tell(document: Document) -> None:
    say(f"{telling.sentence(document)}.")
    emit_one(row(document))


def row(document: Document) -> dict[str, Any]:
    told = queries.plain(document)
    told.pop("lines")
    return told | {"gross": document.gross, "open": document.open}
