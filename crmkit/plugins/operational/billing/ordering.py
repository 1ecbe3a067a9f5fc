"""What others hand over to be ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmkit import Money

from .model import Draft, Item

if TYPE_CHECKING:
    from crmkit.plugins.operational.sales import Quote


def from_quote(quote: Quote) -> Draft:
    """The order of a quote, which is booked once."""
    items = [
        Item(
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            price=Money(line.price_minor, quote.currency),
            per=line.per,
            discount=Money(line.discount_minor, quote.currency),
        )
        for line in quote.lines
    ]
    return Draft(
        customer_id=quote.customer_id,
        items=items,
        reference=f"quote {quote.id}",
        source="sales",
        source_key=f"quote {quote.id}",
    )
