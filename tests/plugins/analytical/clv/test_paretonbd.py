"""Pareto/NBD against the figures of CLVTools and BTYD."""

import numpy as np
import pytest
from scipy.integrate import quad

from crmkit.plugins.analytical.clv import (
    Histories,
    InvalidHistoryError,
    ParetoNbd,
    at_covariates,
    expected_transactions,
    expected_transactions_new,
    fit_paretonbd,
    p_alive,
    transaction_mass,
)
from crmkit.plugins.analytical.clv.scoring.dropout_first import Points, Rates, dropout_first


@pytest.fixture(scope="module")
def fitted(cdnow):
    return fit_paretonbd(*cdnow.triple)


def test_cdnow_gives_the_published_estimates(fitted):
    assert (round(fitted.r, 3), round(fitted.alpha, 3)) == (0.553, 10.578)
    assert (round(fitted.s, 3), round(fitted.beta, 3)) == (0.606, 11.669)
    assert round(fitted.log_likelihood, 1) == -9595.0
    assert round(fitted.log_likelihood, 3) == -9594.976
    assert fitted.converged
    assert fitted.note == ""


def test_cdnow_gives_the_published_standard_errors(fitted):
    printed = (0.0476264, 0.8427222, 0.1872594, 6.2105448)
    assert fitted.standard_errors == pytest.approx(printed, rel=2e-4)


def test_btyd_stops_nearby(fitted):
    found = (fitted.r, fitted.alpha, fitted.s, fitted.beta)
    assert found == pytest.approx((0.553, 10.580, 0.606, 11.656), rel=2e-3)


def test_summary_file_in_rounded_weeks_ends_elsewhere(cdnow):
    rounded = [cdnow.frequency, cdnow.recency.round(2), cdnow.age.round(2)]
    assert fit_paretonbd(*rounded).log_likelihood == pytest.approx(-9594.97395, abs=3e-5)


def test_customer_1516(fitted):
    customer = Histories.of([26], [30.85714], [31])
    assert expected_transactions_new(fitted, 52)[0] == pytest.approx(1.473434, rel=1e-3)
    assert expected_transactions(fitted, customer, 52)[0] == pytest.approx(25.45647, rel=1e-3)
    assert p_alive(fitted, customer)[0] == pytest.approx(0.997874, rel=1e-3)


def test_more_purchases_can_mean_fewer_expected(fitted):
    same_recency = Histories.of([10, 15, 20, 25], [20] * 4, [39] * 4)
    printed = [0.7062289, 0.1442396, 0.02250658, 0.00309267]
    assert expected_transactions(fitted, same_recency, 52) == pytest.approx(printed, rel=1e-3)


def test_never_back_may_be_gone(fitted):
    assert p_alive(fitted, Histories.of([0], [0], [39])) == pytest.approx([0.2941633], rel=1e-3)


@pytest.mark.parametrize(("alpha", "beta"), [(10.0, 11.0), (10.0, 0.1), (0.2, 30.0), (5.0, 5.0)])
def test_mass_sums_to_one_and_to_the_expectation(alpha, beta):
    model = ParetoNbd(r=0.55, alpha=alpha, s=1.7, beta=beta)
    counts = np.arange(6000)
    mass = transaction_mass(model, counts, 30)
    assert mass.sum() == pytest.approx(1, rel=1e-10)
    assert mass @ counts == pytest.approx(expected_transactions_new(model, 30)[0], rel=1e-7)


def integrated_dropout(r, alpha, s, beta):
    """P(dropout before a purchase) from gamma (r, alpha) and gamma (s, beta) rates, in log time."""

    def density(log_time):
        time = np.exp(log_time)
        stay = -r * np.log1p(time / alpha) - (s + 1) * np.log1p(time / beta)
        return s / beta * np.exp(stay) * time

    return quad(density, -60, 60, points=[np.log(alpha), np.log(beta)], limit=500, epsabs=0)[0]


@pytest.mark.parametrize("beta", [1e-2, 1.0, 9.9, 10.0, 11.0, 1e3])
@pytest.mark.parametrize("count", [0.0, 1.0, 20.0, 250.0])
def test_dropout_first_is_the_integral(beta, count):
    r, alpha, s = 0.55, 10.0, 0.6
    time = np.array([0.0, 0.5, 5.0, 39.0, 400.0])
    points = Points(np.array([count]), np.zeros(5, np.intp), time)
    found = dropout_first(points, Rates(r, np.full(5, alpha), s, np.full(5, beta)))
    assert found.chance == pytest.approx(
        [integrated_dropout(r + count, alpha + y, s, beta + y) for y in time], rel=1e-7, abs=0
    )


def test_mean_dropout_rate_of_one_is_no_special_case():
    customers = Histories.of([3, 0], [20, 0], [30, 30])
    below, at, above = (
        expected_transactions(ParetoNbd(r=0.5, alpha=9, s=s, beta=12), customers, 52)
        for s in (1 - 1e-7, 1.0, 1 + 1e-7)
    )
    assert at == pytest.approx((below + above) / 2, rel=1e-9)


def draw_with_covariates(size):
    """Customers over 60 weeks; the first trait doubles buying, the second the dropout rate."""
    random = np.random.default_rng(11)
    traits = random.integers(0, 2, (size, 2)).astype(float)
    rate = random.gamma(1.2, 1 / 8.0, size) * 2 ** traits[:, 0]
    life = random.exponential(1 / (random.gamma(1.5, 1 / 25.0, size) * 2 ** traits[:, 1]))
    end = np.minimum(life, 60.0)
    frequency = random.poisson(rate * end).astype(float)
    back = frequency > 0
    last = end * random.random(size) ** (1 / np.maximum(frequency, 1))
    return frequency, np.where(back, last, 0.0), np.full(size, 60.0), traits


def test_covariates_are_found():
    *triple, traits = draw_with_covariates(4000)
    model = fit_paretonbd(*triple, covariates=(traits[:, :1], traits[:, 1:]))
    assert model.purchase_effects[0] == pytest.approx(np.log(2), abs=0.15)
    assert model.dropout_effects[0] == pytest.approx(np.log(2), abs=0.35)
    assert len(model.standard_errors) == 6
    assert model.log_likelihood > fit_paretonbd(*triple).log_likelihood + 20


def test_units_of_covariates_do_not_matter():
    *triple, traits = draw_with_covariates(1000)
    ones = fit_paretonbd(*triple, covariates=(traits, None))
    cents = fit_paretonbd(*triple, covariates=(traits * 100, None))
    assert cents.log_likelihood == pytest.approx(ones.log_likelihood, abs=1e-5)
    assert np.array(cents.purchase_effects) * 100 == pytest.approx(ones.purchase_effects, rel=1e-3)
    assert cents.standard_errors[4] * 100 == pytest.approx(ones.standard_errors[4], rel=1e-3)


def test_covariates_at_zero_change_nothing():
    plain = ParetoNbd(r=0.6, alpha=9, s=0.7, beta=12)
    model = ParetoNbd(
        r=0.6, alpha=9, s=0.7, beta=12, purchase_effects=(0.4,), dropout_effects=(-0.3,)
    )
    triple = ([3, 0], [20, 0], [30, 30])
    with_traits = Histories.of(*triple, covariates=([[0], [1]], [[0], [2]]))
    without = Histories.of(*triple)
    found = expected_transactions(model, with_traits, 52)
    assert found[0] == pytest.approx(expected_transactions(plain, without, 52)[0])
    second = at_covariates(model, [1], [2])
    assert found[1] == pytest.approx(expected_transactions(second, without, 52)[1])


def test_a_model_with_covariates_asks_for_them():
    model = ParetoNbd(r=0.6, alpha=9, s=0.7, beta=12, purchase_effects=(0.4,))
    with pytest.raises(InvalidHistoryError, match=r"\(0, 0\) columns; accepted: the model's"):
        p_alive(model, Histories.of([3], [20], [30]))
