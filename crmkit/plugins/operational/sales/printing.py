"""Quotes on paper."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit import Customer, Money
from crmkit.pdf import Column, Paper

from .model import Quote, QuoteLine

_COLUMNS = (
    Column(head="", share=4),
    Column(head="What", share=42),
    Column(head="Quantity", share=12, align="RIGHT"),
    Column(head="Price", share=18, align="RIGHT"),
    Column(head="Discount", share=15, align="RIGHT"),
    Column(head="Amount", share=18, align="RIGHT"),
)


def paper(quote: Quote, customer: Customer, sender: Sequence[str]) -> Paper:
    """What stands on it."""
    revision = f", revision {quote.revision}" if quote.revision > 1 else ""
    postal = customer.contact("postal") or ""
    return Paper(
        title=f"Quote {quote.id}{revision}",
        at=quote.created_at,
        sender=sender,
        receiver=[customer.name, *(line for line in postal.replace(", ", "\n").splitlines())],
        facts=[("Date", f"{quote.created_at:%Y-%m-%d}"), ("Valid until", f"{quote.valid_until}")],
        columns=_COLUMNS,
        rows=[_row(quote, each) for each in quote.lines],
        totals=[("Total before tax", str(quote.total))],
        notes=[quote.note] if quote.note else [],
    )


def _row(quote: Quote, line: QuoteLine) -> list[str]:
    def money(minor: int) -> str:
        return str(Money(minor, quote.currency))

    return [
        str(line.position),
        f"{line.name} ({line.sku})" if line.sku else line.name,
        f"{line.quantity.normalize():f}",
        money(line.price_minor) + (f" / {line.per}" if line.per != 1 else ""),
        money(line.discount_minor) if line.discount_minor else "",
        money(line.amount_minor),
    ]
