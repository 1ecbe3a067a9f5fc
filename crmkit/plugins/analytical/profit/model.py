"""Statements of customers and segments, and how unevenly profit is spread."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError

LINES: Final = ("revenue", "returns", "goods", "discounts", "service", "overhead", "other")
"""Of a statement, in the order in which they are written; costs are negative."""


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
