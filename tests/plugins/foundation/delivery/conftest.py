from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

import attrs
import pytest

from crmkit import (
    CRM,
    Channel,
    Contact,
    ContactPoint,
    Customer,
    Objection,
    Offer,
    Outgoing,
    Plugin,
    Receipt,
    Unit,
    hookimpl,
)
from crmkit.plugins.foundation.delivery import Intent, intend_many


class Post:
    """A channel and a guard that do as the test says, and remember what was sent."""

    def __init__(self, name: str = "post") -> None:
        self.name = name
        self.sent: list[Outgoing] = []
        self.opened = 0
        self.refused: set[int] = set()
        self.answer: Callable[[Outgoing], Receipt] = lambda _: Receipt(state="sent")
        self.fails_to_open = False

    @property
    def addresses(self) -> list[str]:
        return [each.address for each in self.sent]

    @contextmanager
    def open(self, crm: CRM) -> Iterator[Callable[[Outgoing], Receipt]]:
        self.opened += 1
        if self.fails_to_open:
            raise OSError("the post office is closed")
        yield self._send

    def _send(self, outgoing: Outgoing) -> Receipt:
        receipt = self.answer(outgoing)
        if receipt.state in ("sent", "unknown"):
            self.sent.append(outgoing)
        return receipt

    @property
    def plugin(self) -> Plugin:
        @hookimpl
        def crmkit_channels() -> list[Channel]:
            return [Channel(name=self.name, summary="x", contact_kind="email", open=self.open)]

        @hookimpl
        def crmkit_may_contact(unit: Unit, contacts: Sequence[Contact]) -> list[Objection]:
            return [
                Objection(index, "unsubscribed")
                for index, each in enumerate(contacts)
                if each.customer_id in self.refused
            ]

        hooks = SimpleNamespace(
            crmkit_channels=crmkit_channels, crmkit_may_contact=crmkit_may_contact
        )
        return Plugin(name=f"plugin_{self.name}", summary="x", hooks=hooks)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def crm(make_crm, post) -> CRM:
    return make_crm("delivery", post.plugin)


@pytest.fixture
def intend() -> Callable[..., list[int]]:
    """``intend(crm, n)``: n customers 1..n with an offer and an intent each."""

    def intend(crm: CRM, count: int = 1, **changes: object) -> list[int]:
        with crm.unit() as unit:
            customers = unit.customers.add_many(
                Customer(name=f"C{n}", contact_points=(ContactPoint("email", f"c{n}@x.org"),))
                for n in range(1, count + 1)
            )
            offers = unit.offers.add_many(
                Offer(customer_id=each.id, what="tea") for each in customers
            )
            intents = [
                attrs.evolve(
                    an_intent(each.id, each.contact("email") or ""), offer_id=offer.id, **changes
                )
                for each, offer in zip(customers, offers, strict=True)
            ]
            return list(intend_many(unit, intents).ids)

    return intend


def an_intent(customer_id: int, address: str) -> Intent:
    return Intent(
        run="spring",
        step="first",
        customer_id=customer_id,
        channel="post",
        address=address,
        purpose="news",
        subject="Hello",
        text="There is tea.",
    )
