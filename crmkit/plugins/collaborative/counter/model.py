"""What stands on the screen, and what is noted of it."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit import Offer

from .config import Question


@attrs.frozen(kw_only=True)
class Asked:
    """
    The payload of ``counter.asked``: what somebody was asked in the shop, and whether they wanted
    to say; the interaction's text is what they said.
    """

    question: str
    refused: bool = False


@attrs.frozen(kw_only=True)
class Favourite:
    """Something a customer buys; *orders* is in how many."""

    sku: str
    name: str
    orders: int
    last_at: datetime


@attrs.frozen(kw_only=True)
class Noted:
    """Something that was heard."""

    at: datetime
    text: str


@attrs.frozen(kw_only=True)
class Prompt:
    """
    What to know about somebody who has just come in, for five seconds of reading.

    Attributes:
        known_since: Of the first interaction; None for who has none.
        silence: Why nothing should be sold today; then there are no *offers*, and no *question*.
        remarks: What plugins say, a line each.
        offers: That are open and valid now.
        question: The one to ask, if it fits.
    """

    customer_id: int
    name: str
    known_since: datetime | None
    orders: int
    last_order_at: datetime | None
    silence: tuple[str, ...]
    favourites: tuple[Favourite, ...]
    heard: tuple[Noted, ...]
    remarks: tuple[str, ...]
    offers: tuple[Offer, ...]
    question: Question | None
