"""Statements of customers and segments, and how unevenly profit is spread."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, Money

LINES: Final = ("revenue", "returns", "goods", "discounts", "service", "overhead", "other")
"""Of a statement, in the order in which they are written; costs are negative."""


EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a cost holds of which nobody said since when."""
MOST: Final = 10**15


def _after(_: object, field: attrs.Attribute[Any], value: datetime) -> None:
    if value.utcoffset() is None:
        raise InvalidValueError(field.name, value, "an instant with a time zone")


@attrs.frozen
class Period:
    """
    From *since* on and before *until*.

    Raises:
        InvalidValueError: If it is empty, or an end has no time zone.
    """

    since: datetime = attrs.field(validator=_after)
    until: datetime = attrs.field(validator=_after)

    def __attrs_post_init__(self) -> None:
        if self.until <= self.since:
            accepted = f"an instant after {self.since:%Y-%m-%d %H:%M}"
            raise InvalidValueError("until", f"{self.until:%Y-%m-%d %H:%M}", accepted)


def _sku(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= 100 or value != value.strip():
        raise InvalidValueError(field.name, value, "the shop's number of an article, 1 to 100 long")


def _cost(_: object, field: attrs.Attribute[Any], value: Money) -> None:
    if not isinstance(value, Money) or not 0 <= value.amount_minor < MOST:
        raise InvalidValueError(field.name, value, "Money, 0 or more")


def _pieces(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if type(value) is not int or not 1 <= value <= 1_000_000:
        raise InvalidValueError(field.name, value, "a whole number from 1 to 1,000,000")


@attrs.frozen(kw_only=True)
class Cost:
    """
    What an article costs us, until a later cost of it begins.

    Attributes:
        sku: The shop's own article number, as the lines of purchases have it.
        amount: Of *per* pieces, kilograms or hours, whatever the lines count.
        since: Begin of the first day on which it does, in UTC.
    """

    sku: str = attrs.field(validator=_sku)
    amount: Money = attrs.field(validator=_cost)
    per: int = attrs.field(default=1, validator=_pieces)
    since: datetime = attrs.field(default=EVER, validator=_after)


@attrs.frozen(kw_only=True)
class Product:
    """
    What an article brought in a period, by the lines of purchases alone, in minor units.

    Attributes:
        quantity: Sold less given back.
        amount_minor: What the lines came to.
        goods_minor: What the goods cost; negative.
        costed_share: Share of the lines of which the cost is known; of the others the goods cost
            what ``margin_share`` leaves.
    """

    sku: str
    name: str
    quantity: float
    amount_minor: int
    goods_minor: int
    costed_share: float
    currency: str

    @property
    def margin_minor(self) -> int:
        return self.amount_minor + self.goods_minor


@attrs.frozen(kw_only=True)
class Entries:
    """
    Amounts that another plugin puts into statements.

    Attributes:
        name: Of the book they come from.
        select: A SELECT of ``customer_id``, ``line`` (one of LINES), ``amount_minor`` (costs are
            negative) and ``currency``; any number of rows for each.
        replaces: Lines that come from it alone, because it knows them better than interactions do.
        sources: Purchases that interactions from these sources tell of are left out, because the
            book holds them.
        total_minor: What the book itself says they add up to; None when it does not say.
    """

    name: str
    select: sa.Select[Any]
    replaces: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    total_minor: int | None = None


@attrs.frozen(kw_only=True)
class Statement:
    """
    A profit and loss, in minor units of *currency*; costs and returns are negative.

    Attributes:
        customer_id: 0 where it is a segment's or everybody's.
        name: Of the segment; empty for a customer.
        customers: How many it sums up.
        contacts: Interactions that were an activity of ours.
        minutes: Of our people.
        messages: Sent to them.
    """

    customer_id: int = 0
    name: str = ""
    customers: int = 1
    currency: str = ""
    revenue_minor: int = 0
    returns_minor: int = 0
    goods_minor: int = 0
    discounts_minor: int = 0
    service_minor: int = 0
    overhead_minor: int = 0
    other_minor: int = 0
    contacts: int = 0
    minutes: float = 0.0
    messages: int = 0

    @property
    def profit_minor(self) -> int:
        """The sum of all lines."""
        return sum(self.line(name) for name in LINES)

    def line(self, name: str) -> int:
        amount: int = getattr(self, f"{name}_minor")
        return amount


@attrs.frozen(kw_only=True)
class Attention:
    """
    What we gave a customer in a period: money, time, words.

    Attributes:
        service_minor, discount_minor: What it cost us, positive, in minor units.
    """

    customer_id: int
    service_minor: int
    discount_minor: int
    minutes: float
    messages: int


@attrs.frozen(kw_only=True)
class Reconciliation:
    """
    Whether everything adds up; the differences are 0 where it does.

    Attributes:
        customers_minor: Sum of the profit of all customers.
        segments_minor: Sum over segments and whoever is in none; None where none were asked for.
        books: By book, what its lines in the statements add up to, and what the book itself says.
    """

    currency: str
    customers_minor: int
    segments_minor: int | None
    books: tuple[tuple[str, int, int], ...]

    @property
    def differences(self) -> list[str]:
        """One line for every sum that is another than it should be; empty when all is right."""
        told = [
            f"{name}: the statements hold {ours}, the book says {theirs}"
            for name, ours, theirs in self.books
            if ours != theirs
        ]
        if self.segments_minor not in (None, self.customers_minor):
            told.append(f"segments add up to {self.segments_minor}, not {self.customers_minor}")
        return told


@attrs.frozen(kw_only=True)
class Concentration:
    """
    How unevenly something is spread over customers.

    Attributes:
        gini: 0 when all have the same, towards 1 when one has all; None where some have less than
            nothing, for whom it means nothing.
        top_20, top_1: Share of the total that the best fifth and the best hundredth bring, rounded
            up to whole customers.
        best: The most that one brings.
        peak: The largest sum of the whale curve, as a share of the total; above 1 where some
            customers cost more than they bring.
        losing: How many do.
    """

    customers: int
    total: float
    gini: float | None
    top_20: float
    top_1: float
    best: float
    peak: float
    losing: int
