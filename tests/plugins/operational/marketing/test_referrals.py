"""Customers who send others: recorded once, rewarded once, taken back when it goes back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from crmkit import (
    CRM,
    ContactPoint,
    Customer,
    DatabaseBusyError,
    Interaction,
    InvalidValueError,
    Money,
    StaleVersionError,
    ask,
)
from crmkit.plugins.analytical import lifecycle
from crmkit.plugins.operational import billing, marketing
from crmkit.plugins.operational.marketing import (
    ClosedError,
    InvalidCodeError,
    NotReferableError,
    Programme,
    Reward,
)

PLUGINS = ("scoring", "consent", "policy", "delivery", "email", "marketing")
CUP, TEA = Reward(what="A cup", cost_minor=400), Reward(what="Tea for two")
ANA, BO, CY, DI = 1, 2, 3, 4


@pytest.fixture
def make_friends(make_crm, tmp_path):
    """Ana, Bo, Cy and Di, who have nothing in common, and the programme ``friends``."""

    def make(*also, **given):
        target = {"target": f"maildir:{tmp_path}/out", "from_address": "shop@example.com"}
        crm = make_crm(*PLUGINS, *also, settings={"email": target})
        told = {"name": "friends", "referrer": CUP, "referred": TEA} | given
        with crm.unit() as unit:
            unit.customers.add_many(
                Customer(name=name, contact_points=(ContactPoint("email", f"{name}@example.com"),))
                for name in ("ana", "bo", "cy", "di")
            )
            marketing.save_programme(unit, Programme(**told))
        return crm

    return make


@pytest.fixture
def friends(make_friends):
    return make_friends()


def code(crm, customer=ANA, name="friends"):
    with crm.unit() as unit:
        return marketing.referral_code(unit, name, customer)


def refer(crm, referred=BO, referrer=ANA):
    told = code(crm, referrer)
    with crm.unit() as unit:
        return marketing.refer_by_code(unit, told, referred)


def buys(crm, customer=BO, minor=2_000, kind="purchase.order", at=None, currency="EUR", **given):
    with crm.unit() as unit:
        unit.interactions.add(
            Interaction(
                customer_id=customer,
                kind=kind,
                at=at or unit.now,
                amount=Money(minor, currency),
                **given,
            )
        )


def gives_back(crm, minor=2_000, customer=BO):
    buys(crm, customer, -minor, "purchase.return")


def settle(crm):
    done = marketing.settle_all(crm)
    return done.granted, done.refused, done.taken_back


def the_referral(crm, customer=BO):
    with crm.unit(write=False) as unit:
        found = marketing.referrals_about(unit, [customer])
    return next(each for each in found if each.referred_id == customer)


def offers(crm, customer):
    with crm.unit(write=False) as unit:
        return [(each.what, each.status) for each in unit.offers.of(customer)]


def at_once(work):
    barrier = Barrier(4)

    def run(_):
        barrier.wait()
        try:
            return work()
        except (DatabaseBusyError, StaleVersionError) as exc:
            return exc

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(run, range(4)))


def test_both_are_rewarded_once_after_the_first_purchase(friends, clock):
    refer(friends)
    assert settle(friends) == (0, 0, 0)
    clock.move(days=3)
    buys(friends)
    buys(friends)
    assert settle(friends) == (1, 0, 0)
    assert settle(friends) == (0, 0, 0)
    assert offers(friends, ANA) == [("A cup", "proposed")]
    assert offers(friends, BO) == [("Tea for two", "proposed")]
    with friends.unit(write=False) as unit:
        (cup,) = unit.offers.of(ANA)
    assert (cup.cost, cup.plugin, cup.terms["programme"]) == (
        Money(400, "EUR"),
        *("marketing", "friends"),
    )
    assert the_referral(friends).referrer_offer_id == cup.id


def test_a_code_is_a_persons_own_and_stays(friends):
    ana, bo = code(friends, ANA), code(friends, BO)
    assert (code(friends, ANA), len({ana, bo}), len(ana)) == (ana, 2, 10)


def test_the_same_referral_again_is_the_same(friends):
    first = refer(friends)
    assert refer(friends) == first
    with friends.unit(write=False) as unit:
        assert len(marketing.referrals_about(unit, [ANA])) == 1
    with pytest.raises(NotReferableError, match="customer 1 sent them already"):
        refer(friends, BO, CY)


def test_codes_are_read_as_people_write_them(friends):
    told = f"  {code(friends).lower()} "
    with friends.unit() as unit:
        assert marketing.refer_by_code(unit, told, BO).referrer_id == ANA


def test_what_is_no_code(friends):
    with friends.unit() as unit, pytest.raises(InvalidCodeError, match="no referral programme"):
        marketing.refer_by_code(unit, "ABCDEFGHIJ", BO)


def with_address(crm, customer, kind, value):
    import attrs

    with crm.unit() as unit:
        found = unit.customers.get(customer)
        points = (*found.contact_points, ContactPoint(kind, value))
        unit.customers.save(attrs.evolve(found, contact_points=points))


@pytest.mark.parametrize(
    ("kind", "one", "other", "name"),
    [
        ("postal", "1 High Street, Ely", "1  HIGH STREET, ely", "postal address"),
        ("phone", "+44 20 7946 0000", "+44-20-79460000", "telephone number"),
        ("email", "pat@example.com", "Pat+friend@example.com", "mailbox"),
    ],
)
def test_nobody_of_the_same_household(friends, kind, one, other, name):
    with_address(friends, ANA, kind, one)
    with_address(friends, BO, kind, other)
    with pytest.raises(NotReferableError, match=f"share a {name}"):
        refer(friends)


def test_an_address_that_shows_up_later_is_seen_before_the_reward(friends):
    refer(friends)
    for each in (ANA, BO):
        with_address(friends, each, "postal", "1 High Street, Ely")
    buys(friends)
    assert settle(friends) == (0, 1, 0)
    assert offers(friends, ANA) == []
    assert the_referral(friends).why == "they share a postal address with who sent them"


def test_nobody_sends_themselves(friends):
    with pytest.raises(NotReferableError, match="nobody sends themselves"):
        refer(friends, ANA, ANA)


def test_nobody_who_bought_before(friends):
    buys(friends)
    with pytest.raises(NotReferableError, match="bought before"):
        refer(friends)


def test_an_earlier_purchase_that_is_told_later(friends, clock):
    refer(friends)
    buys(friends, at=clock.now - timedelta(days=1))
    buys(friends)
    assert settle(friends) == (0, 1, 0)


def test_nobody_by_whom_one_came(friends):
    refer(friends, BO, ANA)
    refer(friends, CY, BO)
    with pytest.raises(NotReferableError, match="came, through others perhaps, by them"):
        refer(friends, ANA, CY)


def test_the_window(make_friends, clock):
    crm = make_friends(window_days=10)
    refer(crm, BO)
    refer(crm, CY)
    clock.move(days=10)
    buys(crm, BO)
    clock.move(seconds=1)
    assert settle(crm) == (1, 1, 0)
    assert the_referral(crm, CY).why == "no purchase within the window"


@pytest.mark.parametrize(
    ("minor", "currency", "granted"), [(4_999, "EUR", 0), (5_000, "EUR", 1), (9_000, "USD", 0)]
)
def test_what_the_first_purchase_has_to_come_to(make_friends, minor, currency, granted):
    crm = make_friends(least=Money(5_000, "EUR"))
    refer(crm)
    buys(crm, minor=minor, currency=currency)
    assert settle(crm) == (granted, 1 - granted, 0)


def test_a_machine_buys_nothing(friends):
    refer(friends)
    buys(friends, machine=True)
    assert settle(friends) == (0, 0, 0)


def test_who_sends_many_is_rewarded_up_to_the_limit(make_friends):
    crm = make_friends(limit=1)
    for each in (BO, CY):
        refer(crm, each)
        buys(crm, each)
    assert settle(crm) == (2, 0, 0)
    assert len(offers(crm, ANA)) == 1
    assert offers(crm, CY) == [("Tea for two", "proposed")]


def test_what_goes_back_takes_the_reward_back_once(friends, clock):
    refer(friends)
    buys(friends)
    settle(friends)
    clock.move(days=30)
    gives_back(friends)
    assert settle(friends) == (0, 0, 1)
    assert settle(friends) == (0, 0, 0)
    assert offers(friends, ANA) == [("A cup", "withdrawn")]
    assert offers(friends, BO) == [("Tea for two", "withdrawn")]


def test_what_goes_back_too_late_takes_nothing(friends, clock):
    refer(friends)
    buys(friends)
    settle(friends)
    clock.move(days=30, seconds=1)
    gives_back(friends)
    assert settle(friends) == (0, 0, 0)


def test_part_of_it_may_go_back_while_enough_stays(make_friends):
    crm = make_friends(least=Money(1_000, "EUR"))
    refer(crm)
    buys(crm, minor=2_000)
    settle(crm)
    gives_back(crm, 1_000)
    assert settle(crm) == (0, 0, 0)
    gives_back(crm, 1)
    assert settle(crm) == (0, 0, 1)


def test_what_went_back_at_once_earns_nothing(friends):
    refer(friends)
    buys(friends)
    gives_back(friends)
    assert settle(friends) == (0, 1, 0)


def test_points_through_billing(make_friends):
    crm = make_friends("billing", referrer=Reward(points=50), referred=Reward(points=20))
    refer(crm)
    buys(crm)
    assert settle(crm) == (1, 0, 0)
    assert settle(crm) == (0, 0, 0)
    assert points(crm) == {ANA: 50, BO: 20}
    with crm.unit() as unit:
        billing.redeem_points(unit, ANA, 40, reason="a cup")
    gives_back(crm)
    assert settle(crm) == (0, 0, 1)
    assert points(crm) == {ANA: 0, BO: 0}


def points(crm):
    with crm.unit(write=False) as unit:
        return {each: billing.points_of(unit, each).points for each in (ANA, BO)}


def test_points_without_billing_are_refused(make_friends):
    with pytest.raises(InvalidValueError, match="plugin billing enabled"):
        make_friends(referrer=Reward(points=50))


def test_points_wait_while_billing_is_not_enabled(make_friends, clock):
    crm = make_friends("billing", referrer=Reward(points=50))
    refer(crm)
    buys(crm)
    alone = CRM.open(crm.engine, PLUGINS, strict=True, clock=clock)
    assert settle(alone) == (0, 0, 0)
    with alone.unit(write=False) as unit:
        told = [each.text for each in ask.diagnose(unit) if each.subject == "marketing"]
    assert told == ["rewards of 'friends' are points, which wait for the plugin billing"]
    assert settle(crm) == (1, 0, 0)
    assert points(crm)[ANA] == 50


def test_lifecycle_gets_the_referral_once(make_friends):
    crm = make_friends("profit", "lifecycle")
    refer(crm)
    refer(crm)
    with crm.unit(write=False) as unit:
        (found,) = lifecycle.referrals_about(unit, [ANA])
        (said,) = unit.interactions.timeline(ANA)
    assert (found.referrer_id, found.referred_id) == (ANA, BO)
    assert (said.kind, said.id) == ("referral.made", found.interaction_id)


def test_what_lifecycle_knows_already(make_friends):
    crm = make_friends("profit", "lifecycle")
    with crm.unit() as unit:
        lifecycle.refer(unit, ANA, BO)
        lifecycle.refer(unit, CY, DI)
    assert refer(crm, BO, ANA).status == "waiting"
    with pytest.raises(NotReferableError, match="customer 3 sent them already"):
        refer(crm, DI, ANA)
    with crm.unit(write=False) as unit:
        assert marketing.referrals_about(unit, [DI]) == []


def test_terms_are_those_of_the_day(friends):
    refer(friends)
    with friends.unit() as unit:
        before = marketing.programme(unit, "friends")
        changed = Programme(
            name="friends", referrer=Reward(what="Nothing much"), version=1, status="closed"
        )
        marketing.save_programme(unit, changed)
        with pytest.raises(StaleVersionError):
            marketing.save_programme(unit, before)
    buys(friends)
    settle(friends)
    assert offers(friends, ANA) == [("A cup", "proposed")]


def test_a_closed_programme_takes_nobody(friends):
    told = code(friends)
    with friends.unit() as unit:
        marketing.save_programme(
            unit, Programme(name="friends", referrer=CUP, version=1, status="closed")
        )
        with pytest.raises(ClosedError, match="is closed"):
            marketing.refer_by_code(unit, told, BO)
        with pytest.raises(ClosedError):
            marketing.referral_code(unit, "friends", CY)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"referrer": Reward(), "referred": Reward()}, "one side at least"),
        ({"window_days": 0}, "1 to 3650"),
        ({"limit": -1}, "0 or more"),
        ({"least": Money(100, "USD")}, "an amount in EUR"),
    ],
)
def test_programmes_that_are_none(make_friends, given, text):
    with pytest.raises(InvalidValueError, match=text):
        make_friends(**given)


def test_many_at_once_record_and_reward_once(friends):
    told = code(friends)

    def record():
        with friends.unit() as unit:
            return marketing.refer_by_code(unit, told, BO)

    found = [each for each in at_once(record) if not isinstance(each, Exception)]
    assert found
    assert all(each == found[0] for each in found)
    buys(friends)

    def reward():
        with friends.unit() as unit:
            return marketing.settle_referrals(unit).granted

    assert sum(each for each in at_once(reward) if not isinstance(each, Exception)) == 1
    assert len(offers(friends, ANA)) == len(offers(friends, BO)) == 1


def test_of_several_who_claim_one_customer_at_once_one_has_sent_them(friends):
    codes = [code(friends, each) for each in (ANA, CY, DI, ANA)]

    def claim():
        with friends.unit() as unit:
            try:
                return marketing.refer_by_code(unit, codes.pop(), BO).referrer_id
            except NotReferableError:
                return None

    found = {each for each in at_once(claim) if isinstance(each, int)}
    assert found == {the_referral(friends).referrer_id}


def test_who_is_erased_leaves_no_referral(friends):
    refer(friends)
    with friends.unit() as unit:
        unit.customers.erase([ANA])
        assert marketing.referrals_about(unit, [BO]) == []
    buys(friends)
    assert settle(friends) == (0, 0, 0)


def test_many_at_once_get_one_code(friends):
    found = at_once(lambda: code(friends))
    assert len({each for each in found if not isinstance(each, Exception)}) == 1


def test_parts_go_on_where_they_ended(friends):
    for each in (BO, CY, DI):
        refer(friends, each)
        buys(friends, each)
    with friends.unit() as unit:
        first = marketing.settle_referrals(unit, size=2)
        rest = marketing.settle_referrals(unit, after=first.last, size=2)
    assert (first.granted, first.last, rest.granted, rest.last) == (2, CY, 1, 0)
