"""What is put in: accounts, products, prices, drafts, payments, costs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

import attrs

from crmkit import InvalidValueError, Money

MICRO: Final = 1_000_000
"""Quantities are stored in millionths."""
_LARGEST: Final = Decimal(1_000_000_000)


def quantity(given: Any) -> Decimal:
    """
    Raises:
        InvalidValueError: If *given* is no exact number with six digits after the point at most.
    """
    try:
        found = Decimal(given)
    except (InvalidOperation, TypeError, ValueError):
        found = Decimal("NaN")
    exact = not isinstance(given, float | bool) and found.is_finite() and abs(found) < _LARGEST
    if not exact or found * MICRO != int(found * MICRO):
        accepted = "an exact number such as 2 or Decimal('0.750'), with six digits at most"
        raise InvalidValueError("quantity", given, accepted)
    return found


def micro(given: Decimal) -> int:
    """In millionths."""
    return int(given * MICRO)


@attrs.frozen(kw_only=True)
class Account:
    """
    How a customer is billed.

    Attributes:
        name: On invoices; empty for the customer's own.
        country: ISO 3166, two letters.
        vat_id: With the country's prefix; who has one is a business.
        price_list: Whose prices hold.
        payment_days: None for the setting.
        reference: What they want to read on every invoice (EN 16931 BT-10).
        electronic_address, electronic_scheme: Where e-invoices reach them.
    """

    customer_id: int
    name: str = ""
    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    vat_id: str = ""
    price_list: str = "standard"
    payment_days: int | None = None
    reference: str = ""
    electronic_address: str = ""
    electronic_scheme: str = "EM"

    def __attrs_post_init__(self) -> None:
        if self.country and not (
            len(self.country) == 2 and self.country.isascii() and self.country.isupper()
        ):
            accepted = "an ISO 3166 code of two capital letters such as DE"
            raise InvalidValueError("country", self.country, accepted)
        if self.payment_days is not None and not 0 <= self.payment_days <= 3_650:
            raise InvalidValueError("payment_days", self.payment_days, "0 to 3650 days")
        if self.vat_id and not self.vat_id[:2].isalpha():
            accepted = "a VAT number with its country's prefix such as DE123456789"
            raise InvalidValueError("vat_id", self.vat_id, accepted)


@attrs.frozen(kw_only=True)
class Product:
    """
    A product or a service that is sold.

    Attributes:
        unit: UN/ECE Recommendation 20 code: C62 one, HUR hour, KGM kilogram, MON month.
        tax_class: What the tax rules call it, such as ``standard`` or ``reduced``.
        version: Goes up by one with every change; 0 for a new one.
    """

    sku: str
    name: str
    kind: Literal["product", "service"] = "product"
    unit: str = "C62"
    tax_class: str = "standard"
    active: bool = True
    version: int = 0

    def __attrs_post_init__(self) -> None:
        if not self.sku.strip() or len(self.sku) > 100:
            raise InvalidValueError("sku", self.sku, "a text of 1 to 100 characters")
        if not self.name.strip() or len(self.name) > 500:
            raise InvalidValueError("name", self.name, "a text of 1 to 500 characters")
        if self.kind not in ("product", "service"):
            raise InvalidValueError("kind", self.kind, "product or service")
        if not self.unit.isalnum() or len(self.unit) > 3:
            raise InvalidValueError("unit", self.unit, "a UN/ECE code such as C62, HUR or KGM")


@attrs.frozen(kw_only=True)
class Price:
    """
    What *per* units of a product cost from a day on, or cost us.

    Attributes:
        price_list: ``cost`` is what they cost us.
        from_quantity: For as many units or more.
        since: From this day on, until a later price of the same list and quantity.
    """

    sku: str
    amount: Money
    price_list: str = "standard"
    per: int = 1
    from_quantity: Decimal = attrs.field(default=Decimal(0), converter=quantity)
    since: date = date.min

    def __attrs_post_init__(self) -> None:
        if self.amount.amount_minor < 0:
            raise InvalidValueError("price", str(self.amount), "an amount of 0 or more")
        if type(self.per) is not int or not 1 <= self.per <= 1_000_000:
            raise InvalidValueError("per", self.per, "a number of units from 1 to 1000000")


COST: Final = "cost"
"""The price list of what things cost us."""


@attrs.frozen(kw_only=True)
class Item:
    """
    Something to be ordered or billed.

    Attributes:
        price: Of *per* units; None for the catalogue's.
        discount: Off the whole line.
        cost: What the whole line costs us; None for the catalogue's, or nothing.
        name, unit, tax_class: Empty for the catalogue's.
    """

    sku: str = ""
    name: str = ""
    quantity: Decimal = attrs.field(default=Decimal(1), converter=quantity)
    price: Money | None = None
    per: int = 1
    discount: Money | None = None
    cost: Money | None = None
    unit: str = ""
    tax_class: str = ""

    def __attrs_post_init__(self) -> None:
        if self.quantity <= 0:
            accepted = "more than 0; what goes back is a credit note"
            raise InvalidValueError("quantity", str(self.quantity), accepted)
        for name in ("price", "discount", "cost"):
            given = getattr(self, name)
            if given is not None and given.amount_minor < 0:
                raise InvalidValueError(name, str(given), "an amount of 0 or more")
        if not self.sku and (self.price is None or not self.name):
            raise InvalidValueError("sku", self.sku, "a SKU, or else a name and a price")


def _items(given: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Draft:
    """
    An order or an invoice before it has a number.

    Attributes:
        currency: Empty for that of the items, or the setting.
        on: None for today.
        due_on: None for as many days later as the account says.
        discount: Off the whole document, shared out over the lines by their amounts.
        tax_included: Whether amounts are with tax; None for the setting.
        reference: The buyer's own number; empty for the account's.
        source, source_key: The same pair is billed once.
        purchase_noted: Whether interactions hold the purchase already.
    """

    customer_id: int
    items: tuple[Item, ...] = attrs.field(converter=_items)
    currency: str = ""
    on: date | None = None
    due_on: date | None = None
    discount: Money | None = None
    tax_included: bool | None = None
    reference: str = ""
    note: str = ""
    source: str = ""
    source_key: str | None = None
    purchase_noted: bool = False

    def __attrs_post_init__(self) -> None:
        if not self.items:
            raise InvalidValueError("items", (), "one item or more")
        if self.on and self.due_on and self.due_on < self.on:
            raise InvalidValueError("due_on", f"{self.due_on}", f"{self.on} or a later day")


@attrs.frozen(kw_only=True)
class Payment:
    """
    Money that came in.

    Attributes:
        settles: Numbers of the invoices it is for; without any, the oldest open ones are taken.
        source, source_key: The bank's own id; the same pair is booked once.
    """

    customer_id: int
    amount: Money
    on: date | None = None
    settles: tuple[str, ...] = ()
    method: str = ""
    reference: str = ""
    source: str = ""
    source_key: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.amount.amount_minor <= 0:
            accepted = "an amount above 0; what goes out is a refund"
            raise InvalidValueError("amount", str(self.amount), accepted)


@attrs.frozen(kw_only=True)
class ServingCost:
    """
    What serving a customer cost us once.

    Attributes:
        activity: What was done: ``shipping``, ``call``, ``payment fee``.
        interaction_id: The interaction it was for.
        source, source_key: The same pair is booked once.
    """

    customer_id: int
    activity: str
    amount: Money
    interaction_id: int | None = None
    at: datetime | None = None
    source: str = ""
    source_key: str | None = None
