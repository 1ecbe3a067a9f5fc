"""Points as a ledger: earned, spent, taken back, lost."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import CRM, Customer, InvalidValueError
from crmkit.plugins.operational import billing
from crmkit.plugins.operational.billing import Draft, Item
from crmkit.testing import Clock

from .conftest import SETTINGS, eur

LOYALTY = {"points": 1, "expires_days": 100, "tier_days": 365, "tiers": {"gold": 200, "silver": 50}}


@pytest.fixture
def club(make_shop):
    return make_shop(loyalty=LOYALTY)


def buy(crm, euros, customer=1):
    with crm.unit() as unit:
        item = Item(name="x", price=eur(euros))
        (found,) = billing.invoice(unit, [Draft(customer_id=customer, items=[item])])
    return found


def account(crm, customer=1):
    with crm.unit(write=False) as unit:
        return billing.points_of(unit, customer)


def redeem(crm, points):
    with crm.unit() as unit:
        billing.redeem_points(unit, 1, points, reason="a cup")


def test_points_for_whole_euros_before_tax(club):
    buy(club, "60.99")
    found = account(club)
    assert (found.points, found.tier) == (60, "silver")


def test_what_is_lost_first_is_spent_first(club, clock):
    buy(club, "60")
    clock.move(days=50)
    buy(club, "40")
    redeem(club, 70)
    clock.move(days=51)
    assert account(club).points == 30
    with club.unit() as unit:
        assert billing.expire_points(unit) == 0
    clock.move(days=50)
    assert account(club).points == 0
    with club.unit() as unit:
        assert (billing.expire_points(unit), billing.expire_points(unit)) == (30, 0)
    assert [each.points for each in entries(club)] == [60, 40, -70, -30]


def entries(crm, customer=1):
    with crm.unit(write=False) as unit:
        return billing.points_entries(unit, customer)


def test_what_is_lost_next(club, clock):
    buy(club, "60")
    clock.move(days=1)
    buy(club, "40")
    found = account(club)
    assert found.next_loss[0] == 60
    assert (found.next_loss[1] - clock.now).days == 99


def test_nobody_spends_what_they_do_not_have(club):
    buy(club, "10")
    with pytest.raises(billing.NotEnoughPointsError, match="11 points asked for, 10 left"):
        redeem(club, 11)
    with pytest.raises(InvalidValueError, match="above 0"):
        redeem(club, -1)


def test_a_credit_note_takes_points_back_exactly(club):
    found = buy(club, "99")
    with club.unit() as unit:
        for part in ("0.333", "0.333", "0.334"):
            billing.credit(unit, found.id, {1: part})
    assert account(club).points == 0
    assert account(club).tier == ""


def test_points_spent_before_they_are_taken_back_are_owed(club):
    found = buy(club, "60")
    redeem(club, 50)
    with club.unit() as unit:
        billing.credit(unit, found.id)
    assert account(club).points == -50
    buy(club, "80")
    assert account(club).points == 30
    with pytest.raises(billing.NotEnoughPointsError):
        redeem(club, 31)


def test_tiers_are_by_what_was_earned_in_time(club, clock):
    buy(club, "200")
    redeem(club, 200)
    assert account(club).tier == "gold"
    clock.move(days=366)
    assert account(club).tier == ""


def test_points_by_hand(club):
    with club.unit() as unit:
        billing.adjust_points(unit, 1, 25, reason="the tea was cold")
        billing.adjust_points(unit, 1, -5, reason="a slip")
    assert [each.reason for each in entries(club)] == ["the tea was cold", "a slip"]
    assert account(club).points == 20


STEPS = st.lists(
    st.tuples(st.sampled_from(["buy", "credit", "redeem", "wait", "expire"]), st.integers(1, 150)),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_the_ledger_always_adds_up(steps):
    clock = Clock()
    given_settings = {"billing": SETTINGS | {"loyalty": LOYALTY}}
    crm = CRM.open("sqlite://", ["billing"], clock=clock, settings=given_settings)
    crm.upgrade()
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
    bills = []
    for step, size in steps:
        if step == "buy":
            bills.append(buy(crm, str(size)))
        elif step == "credit" and bills:
            with crm.unit() as unit:
                billing.credit(unit, bills.pop().id)
        elif step == "redeem":
            if size > account(crm).points:
                with pytest.raises(billing.NotEnoughPointsError):
                    redeem(crm, size)
            else:
                redeem(crm, size)
        elif step == "wait":
            clock.move(days=size)
        with crm.unit() as unit:
            if step == "expire":
                billing.expire_points(unit)
            ledger = billing.points_entries(unit, 1)
        balance = sum(each.points for each in ledger)
        assert sum(each.unspent for each in ledger) == max(0, balance)
    crm.close()
