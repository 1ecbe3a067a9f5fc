from datetime import timedelta

import pytest

from crmkit import RecordNotFoundError
from crmkit.plugins.foundation import decisions, delivery, policy
from crmkit.plugins.foundation.decisions.welch import difference, t_bound


@pytest.mark.parametrize(
    ("freedom", "bound"),
    [(1, 12.706), (2, 4.303), (4, 2.776), (10, 2.228), (30, 2.042), (120, 1.980), (1e6, 1.960)],
)
def test_the_bound_of_t_is_that_of_the_printed_table(freedom, bound):
    assert t_bound(freedom) == pytest.approx(bound, abs=5e-4)


def test_the_interval_is_the_one_worked_out_by_hand():
    # means 20 and 10, variances 100 and 100, so a standard error of sqrt(200/3) and 4 degrees
    found = difference([10, 20, 30], [0, 10, 20])
    assert found is not None
    assert found.value == 10
    assert found.high - found.value == pytest.approx(2.776445 * (200 / 3) ** 0.5, rel=1e-6)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_unequal_arms_have_welchs_degrees_of_freedom():
    # variances 500/3 of 4 and 50 of 2: standard errors squared 41.667 and 25, 3.6923 degrees
    found = difference([10, 20, 30, 40], [10, 20])
    assert found is not None
    freedom = (41.6666667 + 25) ** 2 / (41.6666667**2 / 3 + 25**2)
    assert freedom == pytest.approx(3.6923, abs=1e-4)
    assert found.high - 10 == pytest.approx(t_bound(freedom) * 66.6666667**0.5, rel=1e-6)


def test_scipy_agrees():
    stats = pytest.importorskip("scipy.stats", reason="pip install 'crmkit[analytics]'")
    treated, control = [3.0, 0, 0, 12.5, 7, 0, 1], [0.0, 0, 4, 2.5]
    found = difference(treated, control)
    peer = stats.ttest_ind(treated, control, equal_var=False).confidence_interval(0.95)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), rel=1e-9)


@pytest.mark.parametrize(
    ("treated", "control"), [([], []), ([1, 2], [1]), ([1], [1, 2]), ([0, 0], [0, 0])]
)
def test_too_little_data_is_said_to_be_too_little(treated, control):
    assert difference(treated, control) is None


def arms_of(unit, everybody):
    found = {each.id: decisions.decisions_of(unit, each.id)[0].arm for each in everybody}
    return (
        [each for each in everybody if found[each.id] == "treatment"],
        [each for each in everybody if found[each.id] == "control"],
    )


def test_the_effect_is_treatment_less_control_of_what_was_bought_in_the_window(
    crm, people, purchase, policy_text, clock
):
    with crm.unit() as unit:
        policy.adopt(unit, policy_text(0.5))
        everybody = people(unit, *(f"P{n}" for n in range(40)))
        unit.interactions.add(purchase(everybody[0], clock.now - timedelta(days=1), 99_999))
        decisions.decide(unit, run="first")
        treated, control = arms_of(unit, everybody)
        (a, b, c), (x, y, z) = treated[:3], control[:3]
        day = clock.now + timedelta(days=1)
        unit.interactions.add_many(
            [
                purchase(a, day, 1000),
                purchase(b, day, 3000),
                purchase(b, day, -1000),
                purchase(c, clock.now + timedelta(days=30), 50_000),  # after the window
                purchase(x, day, 500),
                purchase(y, day, 77_777, machine=True),
                purchase(z, clock.now + timedelta(days=29), 250),
            ]
        )
        clock.move(days=10)
        early = decisions.effect(unit, "first", until=clock.now)
        clock.move(days=30)
    with crm.unit() as unit:
        found = decisions.effect(unit, "first")
    n, m = len(treated), len(control)
    assert (found.treatment.n, found.control.n) == (n, m)
    assert (found.treatment.revenue_minor, found.treatment.buyers) == (3000, 2)
    assert (found.control.revenue_minor, found.control.buyers) == (750, 2)
    assert found.currency == "EUR"
    assert found.revenue_minor == difference(
        [1000, 2000, *[0] * (n - 2)], [500, 250, *[0] * (m - 2)]
    )
    assert found.buyer_share is not None
    assert found.buyer_share.value == pytest.approx(2 / n - 2 / m)
    assert found.is_complete
    assert (early.control.revenue_minor, early.is_complete) == (500, False)


def test_without_a_control_group_there_is_not_enough_data(crm, people):
    with crm.unit() as unit:
        people(unit, "Ana", "Bo", "Cy")
        decisions.decide(unit, run="first")
        found = decisions.effect(unit, "first")
        assert (found.treatment.n, found.control.n) == (3, 0)
        assert (found.revenue_minor, found.buyer_share) == (None, None)
        with pytest.raises(RecordNotFoundError, match="no run 'other'"):
            decisions.effect(unit, "other")


def test_the_first_purchase_after_an_offer_arrived_answers_it(crm, people, purchase, clock):
    with crm.unit() as unit:
        ana, bo, cy, dee = people(unit, "Ana", "Bo", "Cy", "Dee")
        decisions.decide(unit, run="first")
        unit.interactions.add(purchase(dee, clock.now))
        clock.move(hours=1)
    assert delivery.run_until_empty(crm).sent == 4
    with crm.unit() as unit:
        added = unit.interactions.add_many(
            [
                purchase(ana, clock.now + timedelta(days=2)),
                purchase(ana, clock.now + timedelta(days=1)),
                purchase(bo, clock.now + timedelta(days=31)),
                purchase(cy, clock.now + timedelta(days=1), machine=True),
            ]
        )
        assert decisions.learn(unit, until=clock.now).accepted == 0
        clock.move(days=60)
    with crm.unit() as unit:
        assert decisions.learn(unit).accepted == 1
        assert decisions.learn(unit).accepted == 0
        (offer,) = unit.offers.of(ana.id)
        assert (offer.status, offer.answered_by) == ("accepted", added.ids[1])
        for each in (bo, cy, dee):
            (offer,) = unit.offers.of(each.id)
            assert (offer.status, offer.answered_by) == ("carried", None)


def test_a_purchase_answers_the_offer_that_arrived_last_or_the_one_it_names(
    crm, people, purchase, clock
):
    with crm.unit() as unit:
        ana, bo = people(unit, "Ana", "Bo")
    for run in ("first", "second"):
        with crm.unit() as unit:
            decisions.decide(unit, run=run)
        assert delivery.run_until_empty(crm).sent == 2
        clock.move(days=8)
    with crm.unit() as unit:
        first_of_bo = unit.offers.of(bo.id)[1]
        unit.interactions.add_many(
            [purchase(ana, clock.now), purchase(bo, clock.now, offer_id=first_of_bo.id)]
        )
        clock.move(days=1)
    with crm.unit() as unit:
        assert decisions.learn(unit).accepted == 2
        latest_first = [[o.status for o in unit.offers.of(each.id)] for each in (ana, bo)]
    assert latest_first == [["accepted", "carried"], ["carried", "accepted"]]


def test_the_cycle_learns_and_writes_nothing_on_a_dry_run(crm, people, purchase, clock):
    from crmkit import Turn

    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        decisions.decide(unit, run="first")
    delivery.run_until_empty(crm)
    with crm.unit() as unit:
        unit.interactions.add(purchase(ana, clock.now))
        clock.move(days=1)
    step = crm.contributed.cycle_steps["learn"]
    for dry_run in (True, False):
        turn = Turn(as_of=clock.now, dry_run=dry_run)
        assert step.run(crm, turn) == "1 offers were answered by a purchase"
    assert step.run(crm, turn) == "0 offers were answered by a purchase"
