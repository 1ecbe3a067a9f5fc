"""Very heavy buyers, very small bases, and optima on the boundary."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    BgNbd,
    Histories,
    ParetoNbd,
    Regularity,
    discounted_transactions,
    expected_transactions,
    expected_transactions_new,
    fit_bgbb,
    fit_bgnbd,
    fit_mbgcnbdk,
    fit_mbgnbd,
    fit_nbd,
    fit_paretonbd,
    fit_sbg_cohort,
    p_alive,
    transaction_mass,
)

HEAVY = Histories.of([0, 199, 200, 250, 10_000, 10_000], [0, 38, 20, 39, 39, 1], [39] * 6)


def fit_k(*triple):
    return fit_mbgcnbdk(*triple, Regularity(k=(3,)))


def nbd(frequency, _, age):
    return fit_nbd(frequency, age)


ALL = [fit_bgnbd, fit_mbgnbd, fit_paretonbd, fit_k, nbd]


def assert_finite(model, histories):
    answers = [
        p_alive(model, histories),
        expected_transactions(model, histories, 52),
        expected_transactions(model, histories, 0),
        expected_transactions_new(model, [0, 1, 52, 5000]),
        transaction_mass(model, [0, 1, 5, 300, 20_000], 52),
        transaction_mass(model, [0, 1], 0),
        discounted_transactions(model, histories, delta=0.003),
        discounted_transactions(model, histories, delta=0.0, horizon=52),
    ]
    for answer in answers:
        assert np.isfinite(answer).all()
        assert (answer >= 0).all()
    assert (p_alive(model, histories) <= 1).all()


@pytest.mark.parametrize(
    "model",
    [
        BgNbd(r=0.24, alpha=4.4, a=0.8, b=2.4),
        BgNbd(r=0.24, alpha=4.4, a=1.0, b=2.4),
        BgNbd(r=0.24, alpha=4.4, a=0.8, b=2.4, dropout_at_birth=True),
        BgNbd(r=0.24, alpha=4.4, a=0.8, b=2.4, k=4, dropout_at_birth=True),
        BgNbd(r=4e4, alpha=6e5, a=6e4, b=6e4),
        BgNbd(r=1e-4, alpha=1e-3, a=1e-4, b=1e-4),
        ParetoNbd(r=0.55, alpha=10.6, s=0.6, beta=11.7),
        ParetoNbd(r=4e4, alpha=6e5, s=1e-4, beta=1e-3),
        ParetoNbd(r=1e-3, alpha=1e-3, s=5e4, beta=6e5),
    ],
)
def test_heavy_buyers_get_finite_answers(model):
    assert_finite(model, HEAVY)


def test_a_heavy_buyer_gone_silent_is_gone():
    assert p_alive(BgNbd(r=0.24, alpha=4.4, a=0.8, b=2.4), HEAVY)[-1] == pytest.approx(0, abs=1e-99)


@pytest.mark.parametrize("fit", ALL)
def test_one_customer_with_ten_thousand_purchases_spoils_no_fit(fit, small):
    frequency, recency, age = (
        np.append(column, more) for column, more in zip(small.triple, (10_000, 39, 39), strict=True)
    )
    model = fit(frequency, recency, age)
    assert model.converged
    assert np.isfinite(model.log_likelihood)
    assert_finite(model, Histories.of(frequency[-20:], recency[-20:], age[-20:]))


@pytest.mark.parametrize("fit", ALL)
def test_one_customer_is_a_base(fit):
    model = fit([3], [20.0], [30.0])
    assert model.converged
    assert model.note.startswith("the optimum lies on the boundary")
    assert_finite(model, Histories.of([3], [20.0], [30.0]))


def poisson_buyers():
    random = np.random.default_rng(3)
    frequency = random.poisson(3.0, 400).astype(float)
    last = 50 * random.random(400) ** (1 / np.maximum(frequency, 1))
    return frequency, np.where(frequency > 0, last, 0.0), np.full(400, 50.0)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbgnbd, fit_paretonbd, nbd])
def test_buyers_who_are_all_alike_lie_on_the_boundary(fit):
    triple = poisson_buyers()
    model = fit(*triple)
    assert model.converged
    assert "r grows, alpha grows" in model.note
    assert model.note.endswith("standard errors there are nan, predictions stay finite")
    assert np.isnan(model.standard_errors[:2]).all()
    assert np.isfinite(model.covariance).all()
    assert_finite(model, Histories.of(*triple))


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbgnbd, fit_paretonbd])
def test_nobody_ever_leaving_lies_on_the_boundary(fit):
    frequency, _, age = poisson_buyers()
    frequency = np.maximum(frequency, 1)
    model = fit(frequency, age, age)
    assert model.converged
    assert ("a shrinks" if isinstance(model, BgNbd) else "s shrinks") in model.note
    assert p_alive(model, Histories.of(frequency, age, age)) == pytest.approx(1.0, abs=1e-3)


def test_constant_retention_lies_on_the_boundary():
    model = fit_sbg_cohort(np.round(100_000 * 0.8 ** np.arange(6)))
    assert "alpha grows, beta grows" in model.note
    assert model.alpha / (model.alpha + model.beta) == pytest.approx(0.2, rel=1e-3)


def test_everybody_always_giving_lies_on_the_boundary():
    model = fit_bgbb([6] * 4, [6] * 4, [6] * 4)
    assert model.note.startswith("the optimum lies on the boundary")
    customers = Histories.of([6], [6], [6])
    assert expected_transactions(model, customers, 5) == pytest.approx([5.0], rel=1e-3)
    assert np.isfinite(discounted_transactions(model, customers, delta=0.003)).all()


def test_customers_born_on_the_last_day_add_nothing(small):
    alone = fit_bgnbd(*small.triple)
    with_newborn = fit_bgnbd(*(np.append(column, 0.0) for column in small.triple))
    assert with_newborn.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-10)
