"""Whether two customers are one household, as far as their addresses tell."""

from __future__ import annotations

from typing import Final

from crmkit import Customer
from crmkit.sql import contact_key

NAMES: Final = {
    "email": "mailbox",
    "phone": "telephone number",
    "postal": "postal address",
    "social": "social account",
    "web": "web page",
}


def shared_address(one: Customer, other: Customer) -> str:
    """What both have, in words; empty if they share no contact point."""
    both = _keys(one) & _keys(other)
    return NAMES[min(kind for kind, _ in both)] if both else ""


def _keys(customer: Customer) -> set[tuple[str, str]]:
    """An e-mail address stands for its mailbox, whatever is behind a plus sign."""
    found = set()
    for point in customer.contact_points:
        key = contact_key(point.kind, point.value)
        if point.kind == "email":
            mailbox, _, domain = key.rpartition("@")
            key = f"{mailbox.partition('+')[0] or mailbox}@{domain}"
        found.add((str(point.kind), key))
    return found
