"""What deals are given and shown as."""

from __future__ import annotations

from typing import Any

import click

from crmkit import Money

from .. import queries
from ..model import Deal, QuoteItem

DAY = click.DateTime(["%Y-%m-%d"])
SHOWN = ("id", "name", "customer_id", "stage", "owner", "value", "expected_on", "next_what")


class Amount(click.ParamType[Money]):
    name = "amount"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Money:
        try:
            return value if isinstance(value, Money) else Money.parse(value)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


class Item(click.ParamType[QuoteItem]):
    name = "item"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> QuoteItem:
        if isinstance(value, QuoteItem):
            return value
        sku, *rest = (each.strip() for each in value.split(","))
        try:
            if len(rest) > 2:
                accepted = "SKU[,QUANTITY[,PRICE]] such as 'CUP,2,9.90 EUR'"
                raise ValueError(f"{value!r} is not {accepted}")
            price = Money.parse(rest[1]) if len(rest) == 2 else None
            return QuoteItem(sku=sku, quantity=(rest or ["1"])[0], price=price)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


team_option = click.option("--team", default="", help="All of its sellers.")


def row(found: Deal) -> dict[str, Any]:
    return {**queries.plain(found), "value": found.value}
