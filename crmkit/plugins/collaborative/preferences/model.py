"""What was asked for, and what may be chosen."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit import InvalidValueError


def _said(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not value.strip():
        raise InvalidValueError(field.name, value, "a text that is not empty")


@attrs.frozen(kw_only=True)
class Wish:
    """
    Somebody entered an address to hear about *purposes*; until it is confirmed from there, it is
    nobody's consent.

    Attributes:
        wording: What the person read and agreed to, in full.
        source: Where it was entered.
        confirmed_at: None until the answer from the address.
    """

    id: int
    customer_id: int
    channel: str
    address: str
    purposes: tuple[str, ...]
    wording: str = attrs.field(validator=_said)
    source: str = attrs.field(validator=_said)
    asked_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None


@attrs.frozen(kw_only=True)
class Choice:
    """
    One box of the page: a purpose of the policy that rests on consent, by one channel.

    Attributes:
        summary: The policy's own words for the purpose.
        address: Where it would reach the customer.
        is_on: Whether it may be sent as things stand.
    """

    purpose: str
    summary: str
    channel: str
    address: str
    is_on: bool
