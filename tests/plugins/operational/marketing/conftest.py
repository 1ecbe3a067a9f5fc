import pytest

from crmkit import ContactPoint, Customer, Interaction, Money
from crmkit.plugins.foundation import consent, policy, scoring
from crmkit.plugins.operational import marketing
from crmkit.plugins.operational.marketing import Campaign, Variant

POLICY = """
name = "shop"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30

[purposes.care]
summary = "Stay close."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]
"""
LETTER = Variant(subject="For {name}", text="Dear {name}, your code is {code}.")


@pytest.fixture
def make_team(make_crm, tmp_path):
    """A CRM with a segment ``all``, whose members have addresses and have consented."""

    def make(people=20, *, settings=None, consents=True, **given):
        crm = make_crm(
            "scoring",
            "consent",
            "policy",
            "delivery",
            "email",
            "marketing",
            settings={
                "marketing": given,
                "email": {"target": f"maildir:{tmp_path}/out", "from_address": "shop@example.com"},
            },
        )
        with crm.unit() as unit:
            policy.adopt(unit, POLICY)
            scoring.define_segment(unit, "all", "count(purchase.order) >= 0")
        join(crm, people, consents=consents)
        return crm

    return make


def join(crm, people, *, consents=True):
    """More customers with an address, who consent, and are in the segment."""
    with crm.unit() as unit:
        count = len(unit.customers.page(size=100_000))
        found = unit.customers.add_many(
            Customer(
                name=f"Customer {n}",
                contact_points=(ContactPoint("email", f"c{n}@example.com"),),
            )
            for n in range(count, count + people)
        )
        for each in found if consents else ():
            consent.grant(
                unit,
                each.id,
                purpose="care",
                channel="email",
                basis="consent",
                evidence="ticked the box",
                source="web",
            )
        scoring.refresh_segments(unit, unit.now)
    return [each.id for each in found]


def draft(crm, **given):
    told = {"name": "spring", "purpose": "care", "channel": "email", "segment": "all"}
    with crm.unit() as unit:
        campaign = Campaign(**(told | {"variants": [LETTER]} | given))
        return marketing.save_campaign(unit, campaign)


def launched(crm, size=None, **given):
    found = draft(crm, **given)
    with crm.unit() as unit:
        marketing.launch(unit, found.name)
    if size is None:
        marketing.fill_all(crm, found.name)
    with crm.unit(write=False) as unit:
        return marketing.campaign(unit, found.name)


def arms(crm, name="spring"):
    with crm.unit(write=False) as unit:
        found = marketing.members_of(unit, marketing.campaign(unit, name).id)
    return {each.customer_id: each.arm for each in found}


def buys(crm, customers, minor=1_000, **given):
    with crm.unit() as unit:
        unit.interactions.add_many(
            Interaction(
                customer_id=each,
                kind="purchase.order",
                at=unit.now,
                amount=Money(minor, given.get("currency", "EUR")),
            )
            for each in customers
        )
