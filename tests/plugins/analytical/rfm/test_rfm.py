from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import Customer, Interaction, Money, Scope
from crmkit.plugins.analytical import rfm
from crmkit.plugins.foundation import scoring
from crmkit.testing import PluginSuite

AS_OF = datetime(2026, 1, 5, 9, tzinfo=UTC)


class TestConformance(PluginSuite):
    plugin = "rfm"


def columns(recency, frequency, monetary):
    given = (recency, frequency, monetary)
    names = ("recency_days", "frequency", "monetary_minor")
    found = {name: np.array(each, np.int64) for name, each in zip(names, given, strict=True)}
    return found | {"currencies": np.full(len(recency), None)}


def test_every_cell_of_the_grid_has_exactly_one_segment():
    cells = [
        (r, fm)
        for each in rfm.SEGMENTS
        for r in range(each.r[0], each.r[1] + 1)
        for fm in range(each.fm[0], each.fm[1] + 1)
    ]
    assert sorted(cells) == sorted(product(range(1, 6), range(1, 6)))
    assert {rfm.label_of(*each) for each in product(range(1, 6), repeat=3)} == {
        each.name for each in rfm.SEGMENTS
    }


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ((5, 5, 5), "champions"),
        ((4, 4, 4), "loyal"),
        ((5, 2, 2), "potential_loyalist"),
        ((5, 1, 1), "new"),
        ((4, 1, 1), "promising"),
        ((3, 3, 3), "need_attention"),
        ((3, 2, 1), "about_to_sleep"),
        ((2, 3, 4), "at_risk"),
        ((1, 5, 5), "cannot_lose"),
        ((2, 1, 1), "hibernating"),
        ((1, 1, 2), "lost"),
    ],
)
def test_the_usual_names_are_where_they_are_usually_put(cell, name):
    assert rfm.label_of(*cell) == name


def test_cut_points_are_quantiles_of_type_7():
    """R: quantile(c(1, 2, 3, 4, 10), c(.2, .4, .6, .8), type = 7) is 1.8 2.6 3.4 5.2."""
    found = rfm.fit(columns([1, 2, 3, 4, 10], [1] * 5, [7] * 5))["cuts"]
    assert found["recency_days"] == pytest.approx([1.8, 2.6, 3.4, 5.2])
    assert found["frequency"] == [1.0] * 4


def test_a_level_counts_the_cut_points_strictly_below():
    parameters = {
        "levels": 5,
        "cuts": {
            "recency_days": [10, 20, 30, 40],
            "frequency": [1, 1, 2, 4],
            "monetary_minor": [100, 200, 300, 400],
        },
    }
    scored = rfm.score(columns([10, 11, 41], [1, 2, 5], [100, 101, 999]), parameters)
    assert scored.value.tolist() == [511, 432, 155]
    assert scored.labels.tolist() == ["new", "potential_loyalist", "cannot_lose"]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(1, 9), st.integers(-500, 9_000)),
        min_size=1,
        max_size=40,
    )
)
def test_equal_values_get_equal_levels_and_better_ones_no_lower(customers):
    given_columns = columns(*zip(*customers, strict=True))
    scored = rfm.score(given_columns, rfm.fit(given_columns))
    levels = [tuple(map(int, str(int(value)))) for value in scored.value]
    for (mine, my), (yours, your) in product(zip(customers, levels, strict=True), repeat=2):
        assert mine[0] < yours[0] or my[0] <= your[0]
        assert mine[1] > yours[1] or my[1] <= your[1]
        assert mine[2] > yours[2] or my[2] <= your[2]
    assert (sum(scored.reasons.values()) == scored.value).all()


@pytest.fixture
def crm(make_crm):
    return make_crm("scoring", "rfm")


def record(unit, customer_id, *facts):
    """Facts are ``(days ago, minor)``, in GBP or with a currency behind; below 0 is a return."""
    unit.interactions.add_many(
        Interaction(
            customer_id=customer_id,
            kind="purchase.order" if minor > 0 else "purchase.return",
            at=AS_OF - timedelta(days=days),
            amount=Money(minor, *(currency or ["GBP"])),
        )
        for days, minor, *currency in facts
    )


def people(unit, n):
    return [unit.customers.add(Customer(name=f"Customer {i}")).id for i in range(n)]


def read(crm, as_of=AS_OF):
    with crm.unit(write=False) as unit:
        rows = unit.connection.execute(rfm.features(Scope(as_of=as_of))).all()
    return {row[0]: tuple(row[1:]) for row in rows}


def test_features_are_days_since_the_last_order_orders_and_net_amount(crm):
    with crm.unit() as unit:
        ana, bo, cy, di = people(unit, 4)
        record(unit, ana, (30, 1000), (1.99, 500), (1, -200))
        record(unit, bo, (0.5, 700), (-1, 9_999))
        record(unit, cy, (3, -100))
        record(unit, di, (-2, 100))
    assert read(crm) == {ana: (1, 2, 1300, None), bo: (0, 1, 700, None)}


def test_several_currencies_are_refused_by_name(crm):
    with crm.unit() as unit:
        ana, bo, cy = people(unit, 3)
        record(unit, ana, (3, 100))
        record(unit, bo, (2, 100, "EUR"))
        record(unit, cy, (1, -100), (1, 100, "PLN"))
        (run,) = scoring.run(unit, as_of=AS_OF)
    assert (run.state, run.customers) == ("refused", 0)
    told = "purchases are in EUR, GBP and PLN; RFM compares amounts in one currency only"
    assert run.reason == told


def test_a_currency_of_tomorrow_does_not_matter_today(crm):
    with crm.unit() as unit:
        (ana,) = people(unit, 1)
        record(unit, ana, (-1, 100, "EUR"), (3, 100))
        assert scoring.run(unit, as_of=AS_OF)[0].state == "done"


def test_an_incremental_run_uses_the_cut_points_of_the_full_one(crm):
    with crm.unit() as unit:
        ids = people(unit, 5)
        for n, each in enumerate(ids, 1):
            record(unit, each, *((10 * n, 1000),) * n)
        (full,) = scoring.run(unit, as_of=AS_OF)
    with crm.unit() as unit:
        record(unit, ids[4], *((1, 1_000_000),) * 50)
        (again,) = scoring.run(unit, as_of=AS_OF)
        score = scoring.score_of(unit, ids[4], "rfm")
        others = [scoring.score_of(unit, each, "rfm").run_id for each in ids[:4]]
    assert (again.mode, again.fitted_by, again.customers) == ("incremental", full.id, 1)
    assert (score.value, score.label) == (555.0, "champions")
    assert others == [full.id] * 4


def test_customers_are_in_the_segment_of_their_label(crm):
    with crm.unit() as unit:
        for n, each in enumerate(people(unit, 5), 1):
            record(unit, each, *((10 * n, 1000),) * (6 - n))
        scoring.run(unit, as_of=AS_OF)
        found = {
            each.name: [
                (stay.customer_id, stay.why)
                for stay in scoring.members_of(unit, f"rfm.{each.name}")
            ]
            for each in rfm.SEGMENTS
        }
    assert found["champions"] == [(1, "RFM 555")]
    assert found["loyal"] == [(2, "RFM 444")]
    assert found["need_attention"] == [(3, "RFM 333")]
    assert found["hibernating"] == [(4, "RFM 222")]
    assert found["lost"] == [(5, "RFM 111")]
