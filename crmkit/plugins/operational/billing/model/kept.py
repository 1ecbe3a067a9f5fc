"""What is kept: documents and their lines, and what is worked out from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

import attrs

from crmkit import Money

from .given import MICRO

Kind = Literal["order", "invoice", "credit_note", "payment", "refund", "write_off"]
Status = Literal["open", "settled", "cancelled"]
DEBITS: Final = ("invoice", "refund")
"""What raises what a customer owes."""
CREDITS: Final = ("credit_note", "payment", "write_off")
"""What lowers it."""


@attrs.frozen(kw_only=True)
class DocumentLine:
    """
    One line of a document; amounts in minor units of its currency, without tax unless named so.

    Attributes:
        price_minor: Of *per* units; with tax where the document's prices are.
        discount_minor: Taken off already in *net_minor*.
        tax_minor: Its part of the tax of its group; the lines of a document add up to its tax.
        cost_minor: What it costs us.
        done_micro: Of an order, millionths billed already; of an invoice, credited already.
    """

    position: int
    sku: str
    name: str
    unit: str
    quantity: Decimal
    price_minor: int
    per: int
    discount_minor: int
    net_minor: int
    tax_minor: int
    cost_minor: int
    category: str
    rate_bp: int
    reason: str = ""
    source_position: int = 0
    done_micro: int = 0

    @property
    def group(self) -> tuple[str, int, str]:
        """What is taxed together."""
        return self.category, self.rate_bp, self.reason

    @property
    def left(self) -> Decimal:
        """Not billed, or not credited, yet."""
        return self.quantity - Decimal(self.done_micro) / MICRO


@attrs.frozen
class TaxGroup:
    """The tax of the lines of one category and rate; *reason* says why there is none."""

    category: str
    rate_bp: int
    reason: str
    taxable_minor: int
    tax_minor: int


@attrs.frozen(kw_only=True)
class Document:
    """
    An order, an invoice, a credit note, a payment, a refund or a debt written off.

    Amounts are positive; the kind says which way they go. A document with a number is never
    changed but for what is open of it.

    Attributes:
        on: The day it bears; *at* is when it was booked.
        open_minor: What is not set off yet; of an order, what is not billed.
        source_id: The order an invoice bills, the invoice a credit note corrects.
        buyer: Name and address as they were then.
        purchase_noted: Whether somebody else keeps interactions of the purchase.
    """

    id: int
    kind: Kind
    number: str
    customer_id: int
    status: Status
    on: date
    due_on: date | None
    at: datetime
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    open_minor: int
    tax_included: bool
    purchase_noted: bool
    source_id: int | None
    reference: str
    note: str
    method: str
    buyer: Mapping[str, str] = attrs.field(hash=False)
    version: int
    lines: tuple[DocumentLine, ...] = ()

    @property
    def gross(self) -> Money:
        return Money(self.gross_minor, self.currency)

    @property
    def open(self) -> Money:
        return Money(self.open_minor, self.currency)

    @property
    def taxes(self) -> tuple[TaxGroup, ...]:
        """The tax by category and rate, in the order of the lines."""
        groups: dict[tuple[str, int, str], list[int]] = {}
        for line in self.lines:
            sums = groups.setdefault(line.group, [0, 0])
            sums[0] += line.net_minor
            sums[1] += line.tax_minor
        return tuple(TaxGroup(*key, *sums) for key, sums in groups.items())


@attrs.frozen(kw_only=True)
class Due:
    """
    What a customer owes in one currency, by how late it is.

    Attributes:
        buckets_minor: Not due yet, 1 to 30 days late, 31 to 60, 61 to 90, later.
        credit_minor: Paid or credited, and not set off yet.
    """

    customer_id: int
    currency: str
    buckets_minor: tuple[int, int, int, int, int]
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        return sum(self.buckets_minor) - self.credit_minor


@attrs.frozen(kw_only=True)
class Reminder:
    """
    An invoice whose customer was reminded.

    Attributes:
        level: 1 for the first.
        message_id: In the ledger of ``delivery``; None where it was not sent by crmkit.
    """

    invoice_id: int
    number: str
    customer_id: int
    level: int
    days_late: int
    open: Money
    due_on: date
    subject: str
    text: str
    message_id: int | None = None


@attrs.frozen(kw_only=True)
class ProfitLine:
    """What a line of the profit and loss comes to; costs are negative. 0 is everybody."""

    customer_id: int
    line: str
    amount_minor: int
    currency: str


@attrs.frozen(kw_only=True)
class JournalEntry:
    """One side of a booking; those of one document add up to nothing."""

    on: date
    number: str
    kind: str
    customer_id: int
    account: str
    debit_minor: int
    credit_minor: int
    currency: str
    tax: str
    text: str


@attrs.frozen(kw_only=True)
class PointsEntry:
    """
    One change of a customer's points.

    Attributes:
        unspent: Of points that came in, how many are neither spent nor lost.
    """

    id: int
    customer_id: int
    points: int
    reason: str
    at: datetime
    expires_at: datetime | None
    unspent: int
    document_id: int | None


@attrs.frozen(kw_only=True)
class PointsAccount:
    """
    Attributes:
        next_loss: How many are lost next, and when; None when none ever are.
        tier: Name of the highest tier they reach; empty for none.
    """

    customer_id: int
    points: int
    earned: int
    tier: str
    next_loss: tuple[int, datetime] | None
