"""Fair attention by hand, and planted cases found where other rankings do not find them."""

import numpy as np
import pytest

from crmkit.plugins.analytical.valuation.config import Lever, Settings
from crmkit.plugins.analytical.valuation.correcting import correction
from crmkit.plugins.analytical.valuation.scoring import amounts, fit, score
from crmkit.plugins.foundation.scoring import TooThinError

TENTH = 100


def precision(ranking, planted):
    """Share of planted ones among the highest tenth."""
    return planted[np.argsort(-ranking, kind="stable")[:TENTH]].mean()


def rivals(columns, revenue, planted):
    """The better end of the two usual rankings."""
    both = (revenue, columns["expected_minor"])
    return max(precision(way * each, planted) for each in both for way in (1, -1))


@pytest.mark.parametrize("seed", range(1, 6))
def test_planted_cases_are_found_better_than_by_revenue_or_lifetime_value(planted, seed):
    columns, over, under, revenue = planted(seed)
    value = score(columns, fit(columns, Settings())).value
    for ranking, truth in ((-value, over), (value, under)):
        assert precision(ranking, truth) >= rivals(columns, revenue, truth) + 0.2


def test_most_planted_cases_are_labelled(planted):
    columns, over, under, _ = planted(1)
    labels = score(columns, fit(columns, Settings())).labels
    assert (labels[over] == "overvalued").mean() > 0.7
    assert (labels[under] == "undervalued").mean() > 0.9


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_list_is_stable_under_refit(planted, seed):
    columns, *_ = planted(seed)
    whole = score(columns, fit(columns, Settings())).value
    chance = np.random.default_rng(seed)
    for _ in range(5):
        drawn = chance.integers(0, len(whole), len(whole))
        resampled = {name: column[drawn] for name, column in columns.items()}
        again = score(columns, fit(resampled, Settings())).value
        for way in (1, -1):
            one, other = (set(np.argsort(way * each)[:TENTH].tolist()) for each in (whole, again))
            assert len(one & other) >= 85


def test_what_all_get_on_average_is_fair(planted):
    columns, *_ = planted(2)
    found = amounts(columns, fit(columns, Settings()))
    assert found.fair.sum() == pytest.approx(found.total.sum())


def alike(n=40, **changes):
    columns = {
        "customer_id": np.arange(n),
        "expected_minor": np.full(n, 1_000.0),
        "low_minor": np.full(n, 900.0),
        "high_minor": np.full(n, 1_100.0),
        "service_minor": np.full(n, 100),
        "discount_minor": np.zeros(n, np.int64),
        "minutes": np.zeros(n),
        "messages": np.zeros(n, np.int64),
        "order_minor": np.full(n, 500),
        "known_days": np.full(n, 100),
        "currency": np.full(n, "EUR", object),
        "other_currency": np.full(n, None, object),
    }
    return columns | changes


def test_customers_who_are_alike_are_treated_fairly():
    columns = alike()
    found = score(columns, fit(columns, Settings()))
    assert found.value == pytest.approx(np.zeros(40))
    assert set(found.labels) == {"fair"}


def test_one_who_gets_twice_as_much_by_hand():
    service = np.full(40, 100)
    service[0] = 300
    columns = alike(service_minor=service)
    found = score(columns, fit(columns, Settings()))
    rate = (39 * 100 + 300) / 40_000
    fair = 1_000 * rate
    assert found.value[0] == pytest.approx((fair - 300) / (fair + 300))
    assert found.value[1] == pytest.approx((fair - 100) / (fair + 100))
    assert (found.labels[0], found.labels[1]) == ("overvalued", "fair")
    assert found.reasons["service"][0] == pytest.approx(-300 / (fair + 300))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"service_minor": np.zeros(40, np.int64)}, "nobody got attention"),
        ({"expected_minor": np.zeros(40)}, "nobody will be worth|worth anything"),
        ({"other_currency": np.array(["GBP", *[None] * 39], object)}, "EUR and GBP"),
    ],
)
def test_data_that_say_nothing_are_refused(changes, told):
    with pytest.raises(TooThinError, match=told):
        fit(alike(**changes), Settings())


def test_too_few_have_no_peers():
    with pytest.raises(TooThinError, match="29 customers have a worth"):
        fit(alike(29), Settings())


GIVEN = {"messages": 10.0, "discounts": 400.0, "minutes": 900.0, "service": 0.0}


@pytest.mark.parametrize(
    ("too_much", "what", "amount"),
    [(5, "write less", -5), (300, "stop discounts", -300), (2_000, "take less of our", -900)],
)
def test_the_first_cut_that_is_enough_is_made(too_much, what, amount):
    found = correction(Settings(), "overvalued", -too_much, GIVEN)
    assert found.what.startswith(what)
    assert found.amount_minor == amount


def test_the_dearest_lever_within_what_is_missing_is_pulled_as_often_as_that():
    settings = Settings(
        levers=(Lever(name="note", cost_minor=50), Lever(name="call", cost_minor=500))
    )
    found = correction(settings, "undervalued", 1_200, GIVEN)
    assert (found.what, found.times, found.amount_minor) == ("call", 2, 1_000)
    assert correction(settings, "undervalued", 20, GIVEN) is None
    assert correction(settings, "fair", 0, GIVEN) is None
