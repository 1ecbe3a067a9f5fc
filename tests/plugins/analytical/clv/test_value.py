"""Lifetime value and its interval."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    GammaGamma,
    InvalidHistoryError,
    NotDefinedError,
    ParetoNbd,
    Terms,
    continuous_rate,
    discounted_transactions,
    expected_spend,
    fit_bgnbd,
    fit_gammagamma,
    fit_paretonbd,
    lifetime_value,
)
from crmkit.plugins.analytical.clv.scoring.value import log_variance

YEAR = Terms(delta=continuous_rate(0.15, 52), horizon=52.0, margin=0.3)


@pytest.fixture(scope="module")
def models(small):
    return fit_bgnbd(*small.triple), fit_gammagamma(small.frequency, small.monetary)


def test_value_is_margin_times_purchases_times_spend(small, models):
    purchases, spend = models
    found = lifetime_value(purchases, spend, small.histories, small.monetary, YEAR)
    ahead = discounted_transactions(purchases, small.histories, delta=YEAR.delta, horizon=52)
    each = expected_spend(spend, small.frequency, small.monetary)
    assert found.value == pytest.approx(0.3 * ahead * each)
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()


def test_interval_narrows_with_its_level(small, models):
    wide, narrow = (
        lifetime_value(
            *models, small.histories, small.monetary, Terms(delta=0.003, horizon=52, level=level)
        )
        for level in (0.99, 0.5)
    )
    assert (wide.low < narrow.low).all()
    assert (narrow.high < wide.high).all()


def test_interval_agrees_with_a_parametric_simulation(small):
    model = fit_paretonbd(*small.triple)
    few = small.histories.rows(np.flatnonzero(small.frequency > 0)[:5])

    def predict(candidate):
        return discounted_transactions(candidate, few, delta=0.003, horizon=52)

    draws = np.random.default_rng(2).multivariate_normal(model.free(), model.covariance, 400)
    simulated = np.log([predict(model.at(tuple(draw))) for draw in draws]).std(axis=0)
    assert np.sqrt(log_variance(model, predict)) == pytest.approx(simulated, rel=0.25)


def test_interval_exists_for_a_model_on_the_boundary(small):
    spend = fit_gammagamma(small.frequency, small.monetary)
    everyone = np.ones(small.age.size)
    loyal = fit_bgnbd(everyone, small.age, small.age)
    assert loyal.note
    found = lifetime_value(loyal, spend, small.histories, small.monetary, YEAR)
    assert np.isfinite(found.high).all()


def test_an_interval_needs_a_fitted_model(small, models):
    given = ParetoNbd(r=0.5, alpha=9, s=0.7, beta=12)
    with pytest.raises(NotDefinedError, match="the model has no covariance"):
        lifetime_value(given, models[1], small.histories, small.monetary, YEAR)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"level": 1.0}, r"level is 1; accepted: numbers in \(0, 1\)"),
        ({"margin": 0.0}, "margin is 0; accepted: finite numbers > 0"),
    ],
)
def test_terms_are_checked(wrong, message):
    with pytest.raises(NotDefinedError, match=message):
        Terms(delta=0.1, **wrong)


def test_spend_must_belong_to_the_customers(small, models):
    with pytest.raises(InvalidHistoryError, match="monetary is of shape"):
        lifetime_value(*models, small.histories, [1.0], YEAR)


def test_a_given_spend_model_predicts_without_a_fit():
    assert expected_spend(GammaGamma(p=6.25, q=3.74, v=15.44), [0], [0]).round(1) == [35.2]
