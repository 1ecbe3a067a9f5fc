"""sBG and BG/BB against the figures printed by their authors and by BTYD."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    BgBb,
    Histories,
    InvalidHistoryError,
    NotDefinedError,
    Sbg,
    discounted_residual_lifetime,
    discounted_transactions,
    expected_transactions,
    expected_transactions_new,
    fit_bgbb,
    fit_sbg,
    fit_sbg_cohort,
    p_alive,
    retention,
    survival,
    transaction_mass,
)

REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
BTYD = BgBb(alpha=1.203528, beta=0.7497260, gamma=0.6567808, delta=2.783796)


def test_sbg_regular_gives_the_published_estimates():
    model = fit_sbg_cohort(REGULAR)
    assert (round(model.alpha, 3), round(model.beta, 3)) == (0.704, 1.182)
    assert (round(model.alpha, 4), round(model.beta, 4)) == (0.7041, 1.1820)
    assert round(model.log_likelihood, 2) == -1680.27
    assert survival(model, [12]).round(3).tolist() == [0.170]


def test_sbg_of_customers_is_that_of_the_cohort():
    lost = -np.diff(REGULAR)
    age = np.repeat([*range(1, 8), 7], [*lost, 241])
    churned = np.arange(1000) < 759
    cohort, customers = fit_sbg_cohort(REGULAR), fit_sbg(age, churned)
    assert customers.alpha == pytest.approx(cohort.alpha, rel=1e-6)
    assert customers.log_likelihood == pytest.approx(cohort.log_likelihood, abs=1e-8)


def test_sbg_survival_is_the_product_of_retentions():
    model = Sbg(alpha=0.704, beta=1.182)
    assert survival(model, [12])[0] == pytest.approx(np.prod(retention(model, range(1, 13))))


@pytest.mark.parametrize("delta", [1e-4, 0.1, 2.0])
def test_sbg_residual_lifetime_is_a_discounted_sum_of_survivals(delta):
    model = Sbg(alpha=3.8, beta=15.2)
    ahead = np.arange(1, 400_000)
    direct = survival(model, 4 + ahead) / survival(model, [4]) * np.exp(-delta * (ahead - 1))
    assert discounted_residual_lifetime(model, 4, delta) == pytest.approx([direct.sum()], rel=1e-8)


def test_sbg_residual_lifetime_needs_a_discount():
    with pytest.raises(NotDefinedError, match="delta is 0; accepted: numbers > 0"):
        discounted_residual_lifetime(Sbg(alpha=1, beta=1), 0, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [True]), r"churned is of shape \(1,\); accepted: shape \(2,\)"),
        (([1.5], [True]), r"age\[0\] is 1.5; accepted: integers >= 0"),
        (([0, 3], [True, False]), r"age\[0\] is 0; accepted: integers >= 1 where churned"),
        (([3, 3], [False, False]), "churned is false everywhere; accepted: at least one true"),
    ],
)
def test_sbg_refuses(arguments, message):
    with pytest.raises(InvalidHistoryError, match=message):
        fit_sbg(*arguments)


def test_sbg_cohort_cannot_grow():
    with pytest.raises(InvalidHistoryError, match=r"survivors\[2\] is 95; accepted: values that"):
        fit_sbg_cohort([100, 90, 95])


@pytest.fixture(scope="module")
def donors(donations):
    *histories, weights = donations
    return fit_bgbb(*histories, weights=weights)


def test_bgbb_donations_give_the_published_estimates(donors):
    assert (round(donors.alpha, 4), round(donors.beta, 4)) == (1.2035, 0.7497)
    assert (donors.gamma, donors.delta) == pytest.approx((0.6568, 2.7838), rel=2e-4)
    assert round(donors.log_likelihood, 2) == -33225.58
    assert donors.log_likelihood == pytest.approx(-33225.5813, abs=6e-5)
    assert donors.customers == 11_104


def test_bgbb_expected_in_ten_periods():
    customers = Histories.of([0, 4], [0, 5], [6, 6])
    ahead = expected_transactions(BTYD, customers, 10)
    assert ahead[0] == pytest.approx(0.1302169, abs=5e-8)
    assert ahead[1] == pytest.approx(3.627858, abs=5e-7)


def test_bgbb_sum_over_all_donors(donations, donors):
    *histories, weights = donations
    total = weights @ expected_transactions(donors, Histories.of(*histories), 5)
    assert round(total, 1) == 12_884.2


def test_bgbb_alive_at_the_next_opportunity():
    alive = p_alive(BTYD, Histories.of([0, 2, 6], [0, 4, 6], [6, 6, 6]))
    assert alive.round(2).tolist() == [0.11, 0.59, 0.93]
    assert alive.round(4).tolist() == [0.1081, 0.5896, 0.9304]


def test_bgbb_mass_sums_to_one_and_to_the_expectation():
    counts = np.arange(7)
    mass = transaction_mass(BTYD, counts, 6)
    assert mass.sum() == pytest.approx(1, rel=1e-12)
    assert mass @ counts == pytest.approx(expected_transactions_new(BTYD, 6)[0])


def test_bgbb_infinite_horizon_is_the_limit():
    customers = Histories.of([0, 4], [0, 5], [6, 6])
    near = discounted_transactions(BTYD, customers, delta=0.1, horizon=400)
    assert discounted_transactions(BTYD, customers, delta=0.1) == pytest.approx(near, rel=1e-9)


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (([2], [2.5], [6]), r"recency\[0\] is 2.5; accepted: integers >= 0"),
        (([2], [2], [6.5]), r"age\[0\] is 6.5; accepted: integers >= 0"),
        (([3], [2], [6]), r"frequency\[0\] is 3; accepted: values <= recency of the same row"),
    ],
)
def test_bgbb_refuses(history, message):
    with pytest.raises(InvalidHistoryError, match=message):
        fit_bgbb(*history)
    with pytest.raises(InvalidHistoryError, match=message):
        expected_transactions(BTYD, Histories.of(*history), 1)


def test_bgbb_looks_ahead_in_whole_opportunities():
    with pytest.raises(InvalidHistoryError, match=r"t is 1.5; accepted: integers >= 0"):
        expected_transactions(BTYD, Histories.of([2], [2], [6]), 1.5)
    with pytest.raises(InvalidHistoryError, match=r"horizon is 1.5; accepted: integers >= 0"):
        discounted_transactions(BTYD, Histories.of([2], [2], [6]), delta=0.1, horizon=1.5)
