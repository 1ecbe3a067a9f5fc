"""Items, what goes with them, and what somebody might like next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class Run:
    """One time of learning."""

    id: int
    model: str
    items: int
    customers: int
    at: datetime
    actor: str


def _words(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Item:
    """
    What is known of something we sell.

    Attributes:
        active: Whether we still sell it.
        stock: How many are left; None where nobody counts.
        tags: What somebody may not want: ``meat``, ``paper``.
        buyers: How many customers bought it, when last learnt; *repeats*, how many of these on
            another day too.
        price_minor: Mean paid for one, in minor units of *currency*.
    """

    sku: str
    name: str = ""
    active: bool = True
    stock: int | None = None
    tags: tuple[str, ...] = attrs.field(default=(), converter=_words)
    buyers: int = 0
    repeats: int = 0
    price_minor: int = 0
    currency: str = ""


@attrs.frozen(kw_only=True)
class Neighbour:
    """
    An item that goes with another.

    Attributes:
        likeness: By the model, above 0.
        together: How many customers bought both.
    """

    sku: str
    other: str
    likeness: float
    together: int


@attrs.frozen(kw_only=True)
class Because:
    """Something the customer has that speaks for an item, with its part of the score."""

    sku: str
    name: str
    part: float


@attrs.frozen(kw_only=True)
class Recommendation:
    """
    An item a customer might like next.

    Attributes:
        score: The sum of the parts of *because*, or the popularity where there is nothing to go by.
        because: What speaks for it, the strongest first; empty for who has bought nothing.
        chance: Share of the buyers of the strongest reason who bought this too; of all customers
            where there is none.
    """

    customer_id: int
    item: Item
    score: float
    chance: float
    because: tuple[Because, ...] = ()

    @property
    def why(self) -> str:
        """One sentence for the customer."""
        if not self.because:
            return "Many of our customers like it."
        first = self.because[0].name or self.because[0].sku
        return f"You bought {first}; people like you often take this too."
