"""Ledgers of the four directions: cut where objectives change, and still the whole profit."""

import random
from datetime import timedelta

import pytest

from crmkit import Customer, Interaction, Money
from crmkit.plugins.analytical import lifecycle, profit
from crmkit.plugins.foundation import policy, scoring

POLICY = """
name = "two directions"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30

[purposes.care]
summary = "Stay close."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]

[[directions]]
direction = "acquire"
for_whom = "lifecycle.prospects"
objective = "Let them try."

[[directions]]
direction = "retain"
for_whom = "lifecycle.newcomers"
objective = "Stay close."
"""
CALL = {"name": "call", "kind": "contact.message", "channel": "phone", "cost_minor": 500}


@pytest.fixture
def crm(make_crm):
    settings = {
        "profit": {"margin_share": 0.5, "activities": [CALL]},
        "lifecycle": {"referral_share": 0.4},
    }
    crm = make_crm("scoring", "policy", "profit", "lifecycle", settings=settings)
    with crm.unit() as unit:
        policy.adopt(unit, POLICY)
        unit.customers.add_many(Customer(name=f"c{n}") for n in range(40))
    return crm


def call(unit, customer_id):
    return Interaction(
        customer_id=customer_id, kind="contact.message", at=unit.now, channel="phone"
    )


def order(unit, customer_id, minor):
    amount = Money(minor, "EUR")
    return Interaction(customer_id=customer_id, kind="purchase.order", at=unit.now, amount=amount)


def assign(crm):
    with crm.unit() as unit:
        scoring.refresh_segments(unit, unit.now)
        lifecycle.assign(unit)


def lived(crm, clock):
    """Forty prospects, called once; twenty buy; five of these are called again and buy again."""
    assign(crm)
    clock.move(days=1)
    with crm.unit() as unit:
        unit.interactions.add_many(call(unit, n) for n in range(1, 41))
        unit.interactions.add_many(order(unit, n, 2_000) for n in range(1, 21))
    clock.move(days=1)
    assign(crm)
    clock.move(days=1)
    with crm.unit() as unit:
        unit.interactions.add_many(call(unit, n) for n in range(1, 21))
        unit.interactions.add_many(order(unit, n, 3_000) for n in range(1, 16))
    clock.move(days=1)


def period(unit, days=10):
    return profit.Period(unit.now - timedelta(days=days), unit.now)


def by_direction(crm):
    with crm.unit(write=False) as unit:
        return {each.direction: each for each in lifecycle.ledgers(unit, period(unit))}


def test_what_happens_counts_for_the_direction_of_its_time(crm, clock):
    lived(crm, clock)
    found = by_direction(crm)
    acquire, retain = found["acquire"], found["retain"]
    assert (acquire.customers, acquire.gain_minor, acquire.cost_minor) == (40, 20_000, 20_000)
    assert (retain.customers, retain.gain_minor, retain.cost_minor) == (20, 22_500, 10_000)
    assert retain.net_minor == 12_500
    assert found["grow"].customers == found[""].customers == 0


def test_gain_with_a_referred_customer_is_owed_to_the_advocates(crm, clock):
    lived(crm, clock)
    with crm.unit() as unit:
        lifecycle.refer(unit, 40, 1)
    found = by_direction(crm)
    # of 1,000 gained while acquiring and 1,500 while retaining
    assert found["advocate"].gain_minor == 400 + 600
    assert found["acquire"].gain_minor == 20_000 - 400
    assert found["retain"].gain_minor == 22_500 - 600


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledgers_add_up_to_the_profit(crm, clock, seed):
    chance = random.Random(seed)
    for _ in range(6):
        with crm.unit() as unit:
            for _ in range(25):
                who = chance.randint(1, 40)
                what = order(unit, who, chance.randint(1, 999)) if chance.random() < 0.6 else None
                unit.interactions.add(what or call(unit, who))
        clock.move(days=chance.randint(1, 60))
        if chance.random() < 0.8:
            assign(crm)
    with crm.unit(write=False) as unit:
        found = lifecycle.ledgers(unit, period(unit, 200))
        whole = profit.total(profit.statements(unit, period(unit, 200)))
    assert sum(each.net_minor for each in found) == whole.profit_minor


def test_keeping_cost_less_than_winning_here(crm, clock):
    lived(crm, clock)
    with crm.unit(write=False) as unit:
        found = lifecycle.keeping(unit, period(unit))
    assert (found.winning.customers, found.winning.heads) == (40, 20)
    assert (found.keeping.customers, found.keeping.heads) == (20, 20)
    assert (found.winning.each, found.keeping.each) == (1_000, 500)
    assert found.verdict == "holds"
    assert found.saved == 500


def test_with_nobody_won_nothing_is_claimed(crm, clock):
    assign(crm)
    clock.move(days=1)
    with crm.unit(write=False) as unit:
        found = lifecycle.keeping(unit, period(unit))
    assert found.verdict == "not enough data"
    assert found.winning.heads == 0
