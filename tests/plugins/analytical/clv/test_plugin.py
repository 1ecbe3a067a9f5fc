"""Lifetime value as a plugin: from interactions to stored scores with reasons."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import (
    CRM,
    ConfigError,
    CrmkitError,
    Customer,
    Interaction,
    Money,
    Scope,
)
from crmkit.plugins.analytical import clv
from crmkit.plugins.analytical.clv.scoring.scorers import (
    fit_p_alive,
    fit_worth,
    score_p_alive,
    score_worth,
)
from crmkit.plugins.foundation import scoring
from crmkit.testing import PluginSuite

NAMES = (
    "frequency",
    "recency_days",
    "age_days",
    "priced_days",
    "repeat_minor",
    "gross_minor",
    "returned_minor",
)


class TestConformance(PluginSuite):
    plugin = clv.plugin


def order(customer_id, at, minor, currency="EUR", kind="purchase.order"):
    amount = None if minor is None else Money(minor, currency)
    return Interaction(customer_id=customer_id, kind=kind, at=at, amount=amount)


def run(crm, *names, **given):
    with crm.unit() as unit:
        return scoring.run(unit, names or ("clv", "p_alive"), **given)


def score_of(crm, customer_id, name="clv"):
    with crm.unit(write=False) as unit:
        return scoring.score_of(unit, customer_id, name)


def columns_of(rows, currency="EUR"):
    """Feature columns from rows of numbers in the order of NAMES."""
    columns = {
        name: np.array(column, np.int64)
        for name, column in zip(NAMES, zip(*rows, strict=True), strict=True)
    }
    nobody = np.full(len(rows), None)
    return columns | {"currency": np.full(len(rows), currency), "other_currency": nobody}


def plain_columns(cohort):
    """Columns of customers without returns, of whom every amount is known, in cents."""
    days, none = cohort.frequency.astype(int), np.zeros_like(cohort.frequency)
    spent = (cohort.frequency * cohort.monetary * 100).round()
    times = [(each * 7).round() for each in (cohort.recency, cohort.age)]
    money = (days, spent, spent + 1000, none)
    return columns_of(list(zip(days, *times, *money, strict=True)))


@pytest.fixture
def crm(make_crm):
    return make_crm("scoring", clv.plugin)


@pytest.fixture
def people(crm):
    """``people(n)``: the ids of n new customers."""

    def make(count):
        with crm.unit() as unit:
            names = [Customer(name=f"Customer {number}") for number in range(count)]
            return [each.id for each in unit.customers.add_many(names)]

    return make


@pytest.fixture
def fill(crm):
    """``fill(orders)`` stores interactions."""

    def add(orders):
        with crm.unit() as unit:
            unit.interactions.add_many(list(orders))

    return add


@pytest.fixture
def book(people, fill, clock):
    """60 customers who came back 1 to 6 times in 200 days; two more who did not."""
    ids, random = people(62), np.random.default_rng(3)
    for place, customer_id in enumerate(ids):
        days = random.choice(np.arange(200), 1 + (place % 6 + 1) * (place < 60), replace=False)
        fill(
            order(customer_id, clock.now - timedelta(days=int(day)), int(random.gamma(4, 500)) + 1)
            for day in days
        )
    return ids


# The published case, through the whole stack


@pytest.fixture(scope="module")
def shop(cdnow_orders, tmp_path_factory):
    """The CDNOW sample as interactions, scored as of the end of its calibration."""
    crm = CRM.open(
        f"sqlite:///{tmp_path_factory.mktemp('cdnow') / 'shop.db'}",
        ["scoring", clv.plugin],
        settings={"clv": {"horizon_days": 364, "yearly_discount_share": 0.0}},
        clock=lambda: datetime(1998, 7, 1, tzinfo=UTC),
        strict=True,
        durability="relaxed",
    )
    crm.upgrade()
    names = sorted({customer for customer, _, _ in cdnow_orders})
    with crm.unit() as unit:
        added = unit.customers.add_many([Customer(name=name) for name in names])
        ids = {name: each.id for name, each in zip(names, added, strict=True)}
        unit.interactions.add_many(
            [
                order(ids[who], datetime(*on.timetuple()[:3], tzinfo=UTC), round(dollars * 100))
                for who, on, dollars in cdnow_orders
            ]
        )
        worth, alive = scoring.run(
            unit, ["clv", "p_alive"], as_of=datetime(1997, 10, 1, tzinfo=UTC)
        )
    yield SimpleNamespace(crm=crm, ids=ids, worth=worth, alive=alive)
    crm.close()


def test_cdnow_gives_the_published_estimates_though_later_facts_are_stored(shop):
    found = shop.worth.parameters["purchases"]
    assert shop.worth.customers == 2357
    assert [round(found[name], 3) for name in ("r", "alpha", "a", "b")] == [
        0.243,
        4.414,
        0.793,
        2.426,
    ]
    assert found["log_likelihood"] == pytest.approx(-9582.42921, abs=6e-6)
    spend = shop.worth.parameters["spend"]
    assert (round(spend["p"], 2), round(spend["q"], 2)) == (6.25, 3.74)
    assert round(spend["v"] / 100, 2) == 15.44
    assert shop.worth.parameters["currency"] == "EUR"


def test_cdnow_customer_1516_is_alive_and_buys_as_published(shop):
    alive = score_of(shop.crm, shop.ids["1516"], "p_alive")
    assert alive.value == pytest.approx(0.9688523, rel=1e-4)
    assert alive.low < alive.value < alive.high
    worth = score_of(shop.crm, shop.ids["1516"])
    each = worth.base + worth.reasons["purchases"] + worth.reasons["recency"]
    usual = 3517  # cents: the published 35.17 of a customer without repeat purchases
    assert each / usual == pytest.approx(25.75659, rel=2e-4)
    assert worth.base + sum(worth.reasons.values()) == pytest.approx(worth.value)


def test_stored_values_are_those_of_the_pure_functions(shop, cdnow):
    model = clv.fit_bgnbd(*cdnow.triple)
    spend = clv.fit_gammagamma(cdnow.frequency, cdnow.monetary * 100)
    terms = clv.Terms(delta=0.0, horizon=52.0)
    direct = clv.lifetime_value(model, spend, cdnow.histories, cdnow.monetary * 100, terms)
    with shop.crm.unit(write=False) as unit:
        stored = scoring.scores_of_many(unit, shop.ids.values())
    assert {tuple(each.scorer for each in scores) for scores in stored.values()} == {
        ("clv", "p_alive")
    }
    worth = [scores[0] for scores in stored.values()]
    alive = [scores[1].value for scores in stored.values()]
    assert sum(each.value for each in worth) == pytest.approx(direct.value.sum(), rel=1e-6)
    assert [each.value for each in worth] == pytest.approx(direct.value.tolist(), rel=1e-5)
    assert [each.low for each in worth] == pytest.approx(direct.low.tolist(), rel=1e-4)
    assert [each.high for each in worth] == pytest.approx(direct.high.tolist(), rel=1e-4)
    assert alive == pytest.approx(clv.p_alive(model, cdnow.histories).tolist(), rel=1e-5)


# What the feature reads


def features_of(crm, as_of):
    with crm.unit(write=False) as unit:
        rows = unit.connection.execute(clv.features(Scope(as_of=as_of)))
        return {row.customer_id: row._asdict() for row in rows}


def test_orders_of_one_day_are_one_purchase_and_time_is_counted_in_days(crm, people, fill):
    (ana,), first = people(1), datetime(2026, 1, 1, 23, 59, tzinfo=UTC)
    fill(
        [
            order(ana, first, 1000),
            order(ana, first - timedelta(hours=20), 500),
            order(ana, first + timedelta(minutes=1), 2000),
            order(ana, first + timedelta(days=9), 4000),
            order(ana, first + timedelta(days=9, minutes=-5), 300),
            order(ana, first + timedelta(days=12), -600, kind="purchase.return"),
        ]
    )
    found = features_of(crm, datetime(2026, 1, 31, tzinfo=UTC))[ana]
    assert [found[name] for name in NAMES] == [2, 9, 29, 2, 6300, 7800, -600]
    assert (found["currency"], found["other_currency"]) == ("EUR", None)


def test_only_facts_before_the_instant_count(crm, people, fill):
    ana, bo = people(2)
    first, as_of = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, 12, tzinfo=UTC)
    fill(
        [
            order(ana, first, 1000),
            order(ana, as_of - timedelta(hours=1), 2000),
            order(ana, as_of, 4000),
            order(ana, as_of + timedelta(days=9), -9000, kind="purchase.return"),
            order(bo, as_of, 4000),
        ]
    )
    found = features_of(crm, as_of)
    assert list(found) == [ana]
    assert [found[ana][name] for name in NAMES] == [1, 7, 7, 1, 2000, 3000, 0]


def test_a_return_alone_is_no_customer_and_an_unknown_amount_no_price(crm, people, fill):
    ana, bo = people(2)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    fill(
        [
            order(ana, first, -100, kind="purchase.return"),
            order(bo, first, 1000),
            order(bo, first + timedelta(days=3), None),
            order(bo, first + timedelta(days=4), 5000, "USD"),
        ]
    )
    found = features_of(crm, first + timedelta(days=5))
    assert list(found) == [bo]
    assert [found[bo][name] for name in NAMES] == [2, 4, 4, 1, 5000, 6000, 0]
    assert (found[bo]["currency"], found[bo]["other_currency"]) == ("EUR", "USD")


# Full, incremental, tuned


def test_every_model_scores_a_book_and_says_so_in_its_version(make_crm, crm, book):
    for model in ("bgnbd", "mbgnbd", "paretonbd"):
        tuned = make_crm("scoring", clv.plugin, settings={"clv": {"model": model}})
        worth, alive = run(tuned)
        assert (worth.mode, worth.state, worth.customers) == ("full", "done", 62)
        assert worth.version == f"1 {model} 365d margin 1 discount 0.1"
        assert (worth.horizon_days, alive.version) == (365, f"1 {model}")
        assert 0 <= score_of(tuned, book[0], "p_alive").value <= 1


def test_other_terms_ask_for_a_full_run_and_scale_the_value(make_crm, crm, book):
    run(crm)
    whole = score_of(crm, book[0]).value
    thrifty = make_crm("scoring", clv.plugin, settings={"clv": {"margin_share": 0.25}})
    assert [each.mode for each in run(thrifty)] == ["full", "incremental"]
    assert score_of(thrifty, book[0]).value == pytest.approx(whole / 4)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"model": "magic"}, "model: 'magic' is not accepted; expected one of bgnbd, mbgnbd"),
        ({"horizon_days": 0}, "horizon_days: 0 is not accepted; expected a number of days"),
        ({"margin_share": 30.0}, "margin_share: 30.0 is not accepted; expected a share such as"),
        ({"yearly_discount_share": -0.1}, "yearly_discount_share: -0.1 is not accepted"),
    ],
)
def test_settings_are_checked(wrong, told):
    with pytest.raises(ConfigError, match=told):
        CRM.open("sqlite://", ["scoring", clv.plugin], settings={"clv": wrong})


def test_an_incremental_run_scores_as_the_full_one_would_have(crm, book, fill, clock):
    before = run(crm)[0]
    untouched = score_of(crm, book[1])
    clock.move(days=2)
    fill([order(book[0], clock.now - timedelta(hours=1), 9_900), order(book[60], clock.now, 1)])
    done = run(crm, mode="incremental")
    assert [(each.mode, each.customers) for each in done] == [("incremental", 2)] * 2
    changed = score_of(crm, book[0])
    seen = features_of(crm, clock.now)
    rows = [[seen[each][name] for name in NAMES] for each in book]
    everybody = score_worth(columns_of(rows), before.parameters)
    assert changed.value == pytest.approx(float(everybody.value[0]))
    assert changed.low == pytest.approx(float(everybody.low[0]))
    assert changed.reasons == pytest.approx(
        {name: float(part[0]) for name, part in everybody.reasons.items()}
    )
    assert score_of(crm, book[1]) == untouched


def test_customers_are_scored_each_for_themselves(small):
    columns = plain_columns(small)
    worth, alive = fit_worth(columns, clv.Settings()), fit_p_alive(columns, clv.Settings())
    some = np.array([5, 250, 17])
    few = {name: column[some] for name, column in columns.items()}
    for score, parameters in ((score_worth, worth), (score_p_alive, alive)):
        whole, part = score(columns, parameters), score(few, parameters)
        assert part.value == pytest.approx(whole.value[some])
        assert part.high == pytest.approx(whole.high[some])
        assert part.base == whole.base


# Reasons


def test_reasons_are_the_changes_as_more_of_the_customer_is_known(small):
    parameters = fit_worth(plain_columns(small), clv.Settings(yearly_discount_share=0.0))
    purchases, spend = (parameters[name] for name in ("purchases", "spend"))
    model = clv.BgNbd(**{name: purchases[name] for name in ("r", "alpha", "a", "b")})
    amounts = clv.GammaGamma(**{name: spend[name] for name in ("p", "q", "v")})
    scored = score_worth(columns_of([(3, 40, 140, 3, 6000, 8000, 0)]), parameters)

    def ahead(x, recency, age):
        histories = clv.Histories.of([x], [recency / 7], [age / 7])
        return clv.expected_transactions(model, histories, 365 / 7)[0]

    usual, own = clv.expected_spend(amounts, [0, 3], [0, 2000])
    expected = [
        ahead(0, 0, 0) * usual,
        ahead(3, 105, 140) * usual,
        ahead(3, 40, 140) * usual,
        ahead(3, 40, 140) * own,
    ]
    assert scored.base == pytest.approx(expected[0])
    found = [float(part[0]) for part in scored.reasons.values()]
    assert found == pytest.approx([*np.diff(expected), 0.0])
    assert scored.reasons["recency"][0] < 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_reasons_add_up_and_the_interval_holds_the_value(fitted_small, data):
    frequency = data.draw(st.sampled_from([0, 1, 2, 7, 400, 10_000]))
    age = data.draw(st.integers(frequency, 12_000))
    recency = data.draw(st.integers(frequency, age)) if frequency else 0
    spent = data.draw(st.integers(0, 10**9))
    back = data.draw(st.integers(-2 * spent, 0))
    row = (frequency, recency, age, frequency, spent if frequency else 0)
    columns = columns_of([(*row, spent, back)])
    for score, parameters in zip((score_worth, score_p_alive), fitted_small, strict=True):
        found = score(columns, parameters)
        parts = [found.base, *(float(part[0]) for part in found.reasons.values())]
        scale = max(map(abs, parts))
        assert sum(parts) == pytest.approx(float(found.value[0]), abs=1e-9 * scale)
        assert 0 <= found.low[0] <= found.value[0] <= found.high[0] < np.inf
    assert found.high[0] <= 1


@pytest.fixture(scope="module")
def fitted_small(small):
    columns = plain_columns(small)
    return fit_worth(columns, clv.Settings()), fit_p_alive(columns, clv.Settings())


# Bad input


def test_refunds_of_everything_leave_no_value_and_say_why(crm, book, fill, clock):
    run(crm)
    before = score_of(crm, book[0])
    with crm.unit(write=False) as unit:
        paid = sum(each.amount.amount_minor for each in unit.interactions.timeline(book[0]))
    clock.move(days=1)
    fill([order(book[0], clock.now, -paid - 500, kind="purchase.return")])
    clock.move(hours=1)
    run(crm, mode="incremental")
    after = score_of(crm, book[0])
    assert (after.value, after.low, after.high) == (0.0, 0.0, 0.0)
    assert after.reasons["unpaid"] < 0
    assert before.reasons["unpaid"] == 0
    assert sum(after.reasons.values()) + after.base == pytest.approx(0.0, abs=1e-6)


def test_a_return_lowers_every_amount_of_its_customer_by_the_same_share(fitted_small):
    worth, _ = fitted_small
    kept = score_worth(columns_of([(3, 40, 140, 3, 6000, 8000, -2000)]), worth)
    same = score_worth(columns_of([(3, 40, 140, 3, 4500, 6000, 0)]), worth)
    assert kept.value == pytest.approx(same.value)


def test_free_repeat_purchases_are_worth_nothing_but_unknown_ones_the_usual(fitted_small):
    worth, _ = fitted_small
    free, unknown = score_worth(
        columns_of([(2, 40, 140, 2, 0, 1000, 0), (2, 40, 140, 0, 0, 0, 0)]), worth
    ).value
    assert free == 0
    assert unknown > 0


def refusal(crm, *names):
    (worth,) = run(crm, *(names or ("clv",)))
    assert worth.state == "refused"
    return worth.reason


def test_a_book_without_orders_is_refused(crm, people):
    people(3)
    assert refusal(crm) == "no customer has the facts that this score is made of"


def test_a_book_of_one_purchase_each_is_refused(crm, people, fill, clock):
    fill(order(each, clock.now - timedelta(days=each % 9 + 1), 100) for each in people(50))
    assert refusal(crm).startswith("nobody bought on a second day; purchase habits need 30")


def test_a_book_of_one_day_is_refused(crm, people, fill, clock):
    day = clock.now - timedelta(days=3)
    fill(order(each, day, 100) for each in people(50) for _ in range(3))
    assert refusal(crm, "p_alive").startswith("all purchases fall on one day; purchase habits")


def test_a_book_with_few_who_came_back_is_refused(crm, people, fill, clock):
    days = [clock.now - timedelta(days=each) for each in (1, 5, 8)]
    fill(order(each, day, 100) for each in people(29) for day in days)
    assert refusal(crm).startswith("only 29 customers bought on a second day; purchase habits")


def test_a_book_without_amounts_has_no_worth_but_is_alive(crm, people, fill, clock, book):
    with crm.unit() as unit:
        unit.customers.erase(book)
    random = np.random.default_rng(1)
    fill(
        order(each, clock.now - timedelta(days=int(day)), None)
        for each in people(60)
        for day in random.choice(np.arange(100), 1 + each % 5, replace=False)
    )
    worth, alive = run(crm)
    assert worth.state == "refused"
    assert worth.reason.startswith("only 0 customers paid a known amount on a second day")
    assert (alive.state, alive.customers) == ("done", 60)


def test_several_currencies_are_refused_in_a_full_run_and_an_incremental_one(
    crm, book, fill, clock
):
    run(crm)
    before = score_of(crm, book[0])
    clock.move(days=1)
    fill([order(book[0], clock.now - timedelta(hours=1), 100, "USD")])
    told = "purchases are in EUR and USD; lifetime value adds up one currency only"
    for mode in ("incremental", "full"):
        worth, alive = run(crm, mode=mode)
        assert (worth.state, worth.reason, alive.state) == ("refused", told, "done")
    assert score_of(crm, book[0]) == before


def test_a_customer_in_another_currency_than_the_parameters_is_refused(fitted_small):
    worth, _ = fitted_small
    with pytest.raises(scoring.TooThinError, match="purchases are in EUR and USD"):
        score_worth(columns_of([(1, 7, 9, 1, 100, 200, 0)], "USD"), worth)


def test_equal_amounts_everywhere_are_a_fit_on_the_boundary_that_the_doctor_tells(
    crm, people, fill, clock
):
    random = np.random.default_rng(1)
    fill(
        order(each, clock.now - timedelta(days=int(day)), 2_000)
        for each in people(60)
        for day in random.choice(np.arange(100), 1 + each % 5, replace=False)
    )
    worth = run(crm, "clv")[0]
    spend = worth.parameters["spend"]
    assert (worth.state, spend["standard_errors"].count(None) > 0) == ("done", True)
    with crm.unit(write=False) as unit:
        told = list(clv.hooks.crmkit_diagnose(unit))
    assert {each.subject for each in told} == {"score clv"}
    assert "GammaGamma: the optimum lies on the boundary" in told[-1].text


def test_a_customer_with_ten_thousand_purchases_is_scored(fitted_small):
    row = (9_999, 11_999, 12_000, 9_999, 9_999_000, 10_000_000, 0)
    worth = score_worth(columns_of([row]), fitted_small[0])
    assert worth.value[0] == pytest.approx(365 * 9_999 / 12_000 * 1000, rel=0.1)


# What it costs those who have no NumPy


WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(("numpy", "scipy")))
from crmkit import CRM, MissingExtraError
from crmkit.plugins.analytical import clv
crm = CRM.open("sqlite://", ["scoring", clv.plugin], strict=True)
scorer = crm.contributed.scorers["clv"]
for use in (lambda: scorer.fit({}), lambda: clv.fit_bgnbd):
    try:
        use()
    except MissingExtraError as exc:
        print(exc)
"""


def test_without_numpy_the_plugin_opens_and_names_the_extra_when_used():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "Lifetime value needs: pip install 'crmkit[analytics]'",
        "crmkit.plugins.analytical.clv.fit_bgnbd needs: pip install 'crmkit[analytics]'",
    ]


def test_importing_the_manifest_imports_no_numpy():
    probe = "import sys, crmkit.plugins.analytical.clv; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", probe], check=True)


def test_the_package_has_no_other_names():
    with pytest.raises(AttributeError, match="has no attribute 'fit_magic'"):
        clv.fit_magic  # noqa: B018
    assert dir(clv) == sorted(clv.__all__)


def test_refusals_are_errors_of_crmkit_that_blame_the_input():
    for error in (clv.InvalidHistoryError, clv.NotDefinedError):
        assert issubclass(error, CrmkitError)
        assert issubclass(error, ValueError)
        assert error.exit_code == 2
