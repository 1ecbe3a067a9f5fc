"""Discounted residual transactions against direct integration."""

from math import exp, inf, log

import numpy as np
import pytest
from scipy.integrate import quad

from crmkit.plugins.analytical.clv import (
    BgNbd,
    Histories,
    Nbd,
    NotDefinedError,
    ParetoNbd,
    continuous_rate,
    discounted_transactions,
    expected_transactions,
    p_alive,
)

MODELS = [
    BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426),
    BgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614, dropout_at_birth=True),
    BgNbd(r=0.5, alpha=3.0, a=1.2, b=2.0, k=3),
    ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669),
    Nbd(r=0.385, alpha=12.07),
]
CUSTOMER = Histories.of([7], [30.71], [31])
WEEKLY = log(1.15) / 52


def test_continuous_rate_of_fifteen_percent_a_year_in_weeks():
    assert continuous_rate(0.15, 52) == pytest.approx(WEEKLY)
    assert exp(52 * WEEKLY) == pytest.approx(1.15)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("horizon", [30.0, 3000.0])
def test_a_horizon_is_the_integral_by_parts(model, horizon):
    def ahead(t):
        return expected_transactions(model, CUSTOMER, t)[0]

    integral = quad(lambda t: WEEKLY * exp(-WEEKLY * t) * ahead(t), 0, horizon, epsabs=1e-10)[0]
    expected = integral + exp(-WEEKLY * horizon) * ahead(horizon)
    found = discounted_transactions(model, CUSTOMER, delta=WEEKLY, horizon=horizon)
    assert found == pytest.approx([expected], rel=1e-7)


@pytest.mark.parametrize("model", MODELS)
def test_an_infinite_horizon_is_the_limit(model):
    found = discounted_transactions(model, CUSTOMER, delta=WEEKLY)
    assert found == pytest.approx(
        discounted_transactions(model, CUSTOMER, delta=WEEKLY, horizon=12_000), rel=1e-9
    )


@pytest.mark.parametrize("model", MODELS)
def test_without_discount_a_horizon_is_an_expectation(model):
    found = discounted_transactions(model, CUSTOMER, delta=0, horizon=52)
    assert found == pytest.approx(expected_transactions(model, CUSTOMER, 52), rel=1e-9)


def test_pareto_dert_is_the_integral_of_its_definition():
    model = MODELS[3]
    alive, (r, s) = p_alive(model, CUSTOMER)[0], (model.r, model.s)
    rate, beta = (r + 7) / (model.alpha + 31), model.beta + 31
    integral = quad(lambda t: (beta / (beta + t)) ** s * exp(-WEEKLY * t), 0, inf)[0]
    found = discounted_transactions(model, CUSTOMER, delta=WEEKLY)
    assert found == pytest.approx([alive * rate * integral], rel=1e-9)


@pytest.mark.parametrize(
    ("delta", "horizon", "message"),
    [
        (0.0, inf, "delta is 0 with an infinite horizon; accepted: delta > 0"),
        (-0.1, 10.0, "delta is -0.1; accepted: finite numbers >= 0"),
        (float("nan"), 10.0, "delta is nan; accepted: finite numbers >= 0"),
        (0.1, -1.0, "horizon is -1; accepted: numbers >= 0, or inf"),
    ],
)
def test_refuses_what_has_no_sum(delta, horizon, message):
    with pytest.raises(NotDefinedError, match=message):
        discounted_transactions(MODELS[0], CUSTOMER, delta=delta, horizon=horizon)


def test_customers_who_bought_more_recently_are_worth_more():
    customers = Histories.of([5, 5, 5], [10, 20, 30], [31, 31, 31])
    for model in MODELS[:4]:
        assert (np.diff(discounted_transactions(model, customers, delta=WEEKLY)) > 0).all()
