"""The words of a message that carries an offer. Plain text."""

from __future__ import annotations

from crmkit import Customer, Offer

LONGEST_SUBJECT = 150


def subject(offer: Offer) -> str:
    """What is offered, on one line."""
    line = " ".join(offer.what.split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def text(customer: Customer, offer: Offer, unsubscribe: str) -> str:
    """A greeting, the offer, why it is made, how long it holds, and how to hear no more."""
    until = f"This holds until {offer.valid_until:%Y-%m-%d}." if offer.valid_until else ""
    greeting = f"Hello {customer.name}," if customer.name else "Hello,"
    paragraphs = (greeting, offer.what, offer.why, until, unsubscribe)
    return "\n\n".join(filter(None, paragraphs)) + "\n"
