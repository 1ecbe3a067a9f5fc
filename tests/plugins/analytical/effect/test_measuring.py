from datetime import timedelta

import attrs
import numpy as np
import pytest

from crmkit import InvalidValueError, Money, Offer, RecordNotFoundError, Ref, Turn, ask
from crmkit.plugins.analytical import effect
from crmkit.plugins.foundation import policy, scoring
from crmkit.plugins.foundation.decisions import decision_table
from tests.plugins.analytical.effect.conftest import POLICY

ARMS = ["treatment"] * 10 + ["control"] * 8


def measure(unit, **design):
    return effect.measure(unit, "spring", effect.Design(**design))[0]


def test_revenue_is_what_was_bought_in_the_window_on_every_channel_by_people(crm, book, clock):
    with crm.unit() as unit:
        spring = book(unit, ARMS)
        spring.buys({0: 1000, 1: 2000, 10: 500})
        spring.buys({1: 700}, days=3, channel="web")
        spring.buys({1: -200}, days=4)
        spring.buys({2: 99_999, 11: 99_999}, days=30)  # after the window
        spring.buys({3: 99_999}, days=-1)  # before
        spring.buys({12: 99_999}, machine=True)
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        found = measure(unit)
        week = measure(unit, window_days=2)
    assert (found.treated, found.held_out, found.currency) == (10, 8, "EUR")
    assert (found.treated_total, found.held_out_total) == (3500, 500)
    treated, control = [1000, 2500, *[0] * 8], [500, *[0] * 7]
    assert found.difference == effect.mean_difference(treated, control)
    assert (found.is_complete, found.flags) == (True, ())
    assert week.treated_total == 3000


def test_profit_takes_margin_offers_taken_and_contacts(crm, book, clock):
    with crm.unit() as unit:
        spring = book(unit, ARMS)
        spring.buys({0: 1000, 10: 500})
        made = unit.offers.add_many(
            Offer(customer_id=c, what="Tea", cost=Money(40, "EUR")) for c in spring.customers[:2]
        )
        for new, customer_id in zip(made, spring.customers, strict=False):
            unit.connection.execute(
                decision_table.update()
                .where(decision_table.c.customer_id == customer_id)
                .values(offer_id=new.id)
            )
        unit.offers.save_many([attrs.evolve(made[0], status="accepted")])
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        found = measure(unit, metric="profit")
    # half of 1000, one offer taken for 40, ten contacts at 3
    assert (found.treated_total, found.held_out_total) == (500 - 40 - 30, 250)


def test_orders_buyers_and_kinds_are_counted(crm, book, clock):
    with crm.unit() as unit:
        spring = book(unit, ARMS)
        for day in (1, 2):
            spring.buys({0: 10, 1: 10, 10: 10}, days=day)
        spring.buys({0: -5}, days=3)
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        assert measure(unit, metric="orders").treated_total == 4
        buyers = measure(unit, metric="buyers")
        assert buyers.difference == effect.share_difference(2, 10, 1, 8)
        returned = measure(unit, metric="purchase.return")
        assert returned.difference == effect.share_difference(1, 10, 0, 8)


@pytest.mark.parametrize(
    ("arms", "spent", "reason"),
    [
        (["treatment"] * 3, {0: 5}, "3 treated and 0 held out"),
        (["control"] * 3, {0: 5}, "0 treated and 3 held out"),
        (ARMS, {}, "the same for every customer"),
    ],
)
def test_not_enough_data_is_an_answer(crm, book, clock, arms, spent, reason):
    with crm.unit() as unit:
        book(unit, arms).buys(spent)
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        found = measure(unit)
        assert found.difference is None
        assert reason in found.reason
        assert measure(unit, sequential=True).difference is None
        assert measure(unit, cuped=len(set(arms)) == 1).difference is None


def test_where_all_converted_nothing_is_said(crm, book, clock):
    with crm.unit() as unit:
        book(unit, ARMS).buys(dict.fromkeys(range(18), 5))
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        assert "all of both arms converted" in measure(unit, metric="buyers").reason


def test_what_makes_it_doubtful_is_flagged(crm, book, clock):
    with crm.unit() as unit:
        spring = book(unit, ["treatment"] * 60 + ["control"] * 20)
        spring.decide(
            ["treatment"] * 60 + ["control"] * 20, "summer", clock.now + timedelta(days=5)
        )
        spring.buys({0: 5, 60: 7})
        spring.buys({1: 5}, amount=Money(5, "GBP"))
        clock.move(days=10)
    with crm.unit(write=False) as unit:
        split, still_open, overlap, elsewhere = measure(unit).flags
    assert split.startswith(
        "sample ratio mismatch: 20 of 80 are held out where the policy says 50.0%"
    )
    assert still_open == "80 of 80 windows are still open"
    assert overlap.startswith("60 treated customers also got an offer of another run")
    assert elsewhere == "1 purchases in other currencies than EUR are left out"


def test_unequal_windows_and_a_changed_holdout_are_flagged(crm, book, clock):
    with crm.unit() as unit:
        spring = book(unit, ARMS)
        unit.connection.execute(
            decision_table.update()
            .where(decision_table.c.customer_id == spring.customers[0])
            .values(window_until=spring.at + timedelta(days=10))
        )
        policy.adopt(unit, POLICY.format(share=0.1))
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        flags = measure(unit).flags
    assert flags == (
        "the holdout share has changed, so that the split cannot be checked",
        "windows differ in length, by 20 days",
    )


def test_designs_that_cannot_be_are_refused(crm, book):
    with crm.unit() as unit:
        book(unit, ARMS)
        for design, field in (
            ({"metric": "turnover"}, "metric"),
            ({"window_days": 0}, "window"),
            ({"cuped": True, "sequential": True}, "design"),
        ):
            with pytest.raises(InvalidValueError, match=field):
                measure(unit, **design)
        with pytest.raises(RecordNotFoundError, match="no run 'other'"):
            effect.measure(unit, "other")
        with pytest.raises(RecordNotFoundError, match="no segment"):
            measure(unit, by="rfm.")


def test_profit_without_a_margin_is_refused(make_crm):
    with make_crm("effect", "decisions", "scoring", "delivery", "consent", "policy").unit() as unit:
        with pytest.raises(InvalidValueError, match="margin_share set under"):
            measure(unit, metric="profit")


def test_the_covariate_ends_where_the_customer_was_assigned_not_where_a_later_run_began(
    crm, book, clock
):
    with crm.unit() as unit:
        first = book(unit, ARMS, run="first")
        first.buys({place: 100 + 10 * place for place in range(18)}, days=-5)
        first.buys(dict.fromkeys(range(10), 77777), days=2)  # what the first run did
        first.decide(ARMS, "spring", clock.now + timedelta(days=50))
        first.buys({place: 103 + 11 * place + place % 3 for place in range(18)}, days=52)
        clock.move(days=90)
    with crm.unit(write=False) as unit:
        found = measure(unit, cuped=True).difference
    assert found.method == "CUPED"
    assert found.variance_reduction > 0.99  # 77,777 in the covariate would have spoilt it


def test_intervals_through_the_database_cover_a_planted_effect(crm, book, clock):
    rng = np.random.default_rng(8)
    arms = ["treatment"] * 60 + ["control"] * 60
    with crm.unit() as unit:
        for number in range(40):
            run = book(unit, arms, run=f"run {number}")
            spent = rng.gamma(1, 2000, 120)
            spent[:60] += 300
            run.buys(dict(enumerate(np.round(spent))))
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        found = [effect.measure(unit, f"run {n}")[0].difference for n in range(40)]
        always = [
            effect.measure(unit, f"run {n}", effect.Design(sequential=True))[0].difference
            for n in range(40)
        ]
    # 40 intervals at 95 %: fewer than 35 inside has a chance of .3 %
    assert sum(each.low <= 300 <= each.high for each in found) >= 35
    assert all(each.low <= 300 <= each.high for each in always)


def test_segments_are_as_of_the_decision_and_corrected(crm, book, clock):
    with crm.unit() as unit:
        spring = book(unit, ARMS * 4, at=clock.now)
        spring.buys({place: 500 + place for place in range(72)}, days=-20)
        scoring.run(unit, ["rfm"])
        clock.move(days=1)
        spring.decide(ARMS * 4, "autumn", clock.now)
        spring.buys({place: 40 + place for place in range(0, 72, 2)}, days=2)
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        every, *parts = effect.measure(unit, "autumn", effect.Design(by="rfm."))
    assert every.segment == ""
    assert all(each.segment.startswith("rfm.") for each in parts)
    assert sum(each.treated + each.held_out for each in parts) == 72


def test_a_closed_run_is_kept_once_and_explained(crm, book, clock):
    step = crm.contributed.cycle_steps["effect"]
    with crm.unit() as unit:
        spring = book(unit, ARMS)
        spring.buys({0: 1000, 10: 500})
        clock.move(days=29)
    assert step.run(crm, Turn(as_of=clock.now)) == "no run has closed since the last time"
    clock.move(days=1)
    assert "revenue of run spring" in step.run(crm, Turn(as_of=clock.now, dry_run=True))
    assert "revenue of run spring" in step.run(crm, Turn(as_of=clock.now))
    assert step.run(crm, Turn(as_of=clock.now)) == "no run has closed since the last time"
    with crm.unit() as unit:
        spring.unit = unit
        spring.buys({1: 9999}, days=2)  # imported late: what was kept stays
    with crm.unit(write=False) as unit:
        kept = effect.measurements(unit)
        assert [each.metric for each in kept] == ["revenue", "buyers", "profit"]
        assert kept[0].treated_total == 1000
        assert kept[0].difference == effect.mean_difference([1000, *[0] * 9], [500, *[0] * 7])
        (cause,) = ask.explain(unit, [Ref("effect", kept[0].id)])
    assert cause.text.startswith("revenue of run spring: 0.38 EUR (")
    assert cause.because[0] == Ref("policy", 1)
    assert cause.because[1].noun == "decision"


def plant(book, unit, seed=0, n=400, run="spring"):
    """Who bought much before gains ten euro by the offer; others nothing."""
    rng = np.random.default_rng(seed)
    arms = [("treatment", "control")[place % 2] for place in range(n)]
    spring = book(unit, arms, run=run)
    heavy = rng.random(n) < 0.5
    spring.buys({p: 5000 if heavy[p] else 500 for p in range(n)}, days=-30)
    spent = np.round(rng.gamma(1, 500, n))
    spent += 1000 * heavy * (np.arange(n) % 2 == 0)
    buys = {p: spent[p] for p in range(n) if rng.random() < 0.6 or (heavy[p] and p % 2 == 0)}
    spring.buys(buys)
    return spring, heavy


def test_who_was_persuadable_comes_first(crm, book, clock):
    with crm.unit() as unit:
        plant(book, unit)
        clock.move(days=40)
    with crm.unit(write=False) as unit:
        found = effect.persuadable(unit, "spring")
        assert found.bands[0].measured.low > 0
        assert found.bands[-1].measured.low < 0 < found.bands[-1].measured.high
        assert found.qini > 0
        with pytest.raises(RecordNotFoundError):
            effect.persuadable(unit, "other")


def test_the_score_uplift_learns_from_the_last_experiment(crm, book, clock):
    with crm.unit() as unit:
        spring, heavy = plant(book, unit)
        clock.move(days=40)
    with crm.unit() as unit:
        (run,) = scoring.run(unit, ["uplift"], mode="full")
        assert (run.state, run.customers) == ("done", 400)
        found = [scoring.score_of(unit, each, "uplift") for each in spring.customers]
    for each in found[:50]:
        assert each.base + sum(each.reasons.values()) == pytest.approx(each.value)
        assert each.low < each.value < each.high
    values = np.array([each.value for each in found])
    assert values[heavy].mean() > values[~heavy].mean() + 300


def test_the_score_uplift_refuses_thin_data(crm, book, clock):
    with crm.unit() as unit:
        book(unit, ARMS)
        clock.move(days=40)
        (run,) = scoring.run(unit, ["uplift"], mode="full")
    assert run.state == "refused"
    assert "50 treated and 50 held-out" in run.reason


def test_persuadable_needs_fifty_in_each_arm(crm, book):
    with crm.unit() as unit:
        book(unit, ARMS)
        with pytest.raises(effect.NotEnoughDataError, match="10 treated and 8 held out"):
            effect.persuadable(unit, "spring")


def test_credit_follows_the_touches_before_each_conversion(crm, book, clock):
    with crm.unit() as unit:
        spring = book(unit, ["silence"] * 3)
        say = {
            "kind": "message.sent",
            "amount": None,
            "direction": "outbound",
            "payload": {"purpose": "news", "intent": 1},
        }
        touch = {"kind": "purchase.order"}
        spring.buys({0: 1, 1: 1}, days=1, channel="email", **say)
        spring.buys({0: 1}, days=2, channel="phone", **say)
        spring.buys({0: 1}, days=3, channel="ads", machine=True, **say)
        spring.buys({0: 10}, days=4, **touch)
        spring.buys({0: 10, 2: 10}, days=5, **touch)
        clock.move(days=30)
    with crm.unit(write=False) as unit:
        found = effect.credit(unit)
        assert (found.paths, found.conversions) == (4, 3)
        assert found.shares["first"] == pytest.approx(
            {"(direct)": 2 / 3, "email": 1 / 3, "phone": 0}
        )
        assert found.shares["last"] == pytest.approx(
            {"(direct)": 2 / 3, "email": 0, "phone": 1 / 3}
        )
        # touched three and two days before: 2^(-1/7) to 1
        email = 2 ** (-1 / 7)
        assert found.shares["time_decay"]["email"] == pytest.approx(email / (1 + email) / 3)
        with pytest.raises(InvalidValueError, match="a registered kind"):
            effect.credit(unit, kind="no.such")
        with pytest.raises(effect.NotEnoughDataError):
            effect.credit(unit, days=1)
