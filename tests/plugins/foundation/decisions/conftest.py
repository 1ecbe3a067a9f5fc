from datetime import timedelta
from functools import partial

import pytest

from crmkit import (
    ContactPoint,
    Customer,
    Interaction,
    Money,
    Objection,
    Offer,
    Plugin,
    Proposal,
    hookimpl,
)
from crmkit.plugins.foundation import consent, policy

POLICY = """
name = "shop"
currency = "EUR"
holdout_share = {share}
offer_window_days = 30
[purposes.news]
summary = "What is new."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]
[[limits]]
at_most = 1
days = 7
[quiet_hours]
since = "20:00"
until = "08:00"
unknown_zone = ["Europe/London"]
"""


class Proposer:
    """Proposes to each customer what *offers* says: dicts of changes to one proposal."""

    def __init__(self):
        self.offers = [{}]
        self.forbidden = ()

    @hookimpl
    def crmkit_propose_offers(self, unit, customers):
        for customer in customers:
            for changes in self.offers:
                yield self.proposal(unit, customer, **changes)

    def proposal(self, unit, customer, what="Tea", value=100, silent=False, **changes):
        offer = Offer(
            customer_id=customer.id,
            what=what,
            kind="product",
            why="You like tea.",
            valid_until=unit.now + timedelta(days=changes.pop("valid_days", 30)),
        )
        fields = {
            "customer_id": customer.id,
            "offer": None if silent else offer,
            "purpose": "news",
            "channel": "email",
            "value": value,
            "why": "likes tea",
        }
        return Proposal(**fields | changes)

    @hookimpl
    def crmkit_check_offers(self, unit, proposals):
        for index, each in enumerate(proposals):
            if each.offer.what in self.forbidden:
                yield Objection(index, "out of stock")


@pytest.fixture
def proposer():
    return Proposer()


@pytest.fixture
def crm(make_crm, proposer, tmp_path):
    """Every plugin a decision needs; a policy without holdout is in force."""
    shop = Plugin(name="shop", summary="proposes", hooks=proposer)
    settings = {
        "email": {"target": f"maildir:{tmp_path / 'mail'}", "from_address": "shop@example.com"}
    }
    crm = make_crm("email", "decisions", "delivery", "consent", "policy", shop, settings=settings)
    with crm.unit() as unit:
        policy.adopt(unit, POLICY.format(share=0))
    return crm


@pytest.fixture
def people(agree):
    return partial(_people, agree)


@pytest.fixture
def agree():
    return _agree


@pytest.fixture
def purchase():
    return _purchase


@pytest.fixture
def policy_text():
    """The policy in force, with another holdout share."""
    return lambda share: POLICY.format(share=share)


def _people(agree, unit, *names, agreed=True, **fields):
    """New customers, NAME@example.com, who agreed to news by email."""
    added = unit.customers.add_many(
        Customer(
            name=name,
            contact_points=(ContactPoint("email", f"{name.lower()}@example.com"),),
            **fields,
        )
        for name in names
    )
    if agreed:
        agree(unit, *added)
    return added


def _agree(unit, *customers):
    consent.grant_many(
        unit,
        [
            consent.Grant(
                customer_id=each.id,
                purpose="news",
                channel="email",
                basis="consent",
                evidence="ticked the box",
                source="shop",
            )
            for each in customers
        ],
    )


def _purchase(customer, at, minor=1000, **changes):
    fields = {
        "customer_id": customer.id,
        "kind": "purchase.order" if minor >= 0 else "purchase.return",
        "at": at,
        "channel": "shop",
        "amount": Money(minor, "EUR"),
    }
    return Interaction(**fields | changes)
