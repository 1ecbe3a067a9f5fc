"""(M)BG/CNBD-k against its special case, a simulation, and the law of total expectation."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    BgNbd,
    Histories,
    InvalidHistoryError,
    Regularity,
    expected_transactions,
    expected_transactions_new,
    fit_bgcnbdk,
    fit_bgnbd,
    fit_mbgcnbdk,
    fit_mbgnbd,
    p_alive,
    transaction_mass,
)
from crmkit.plugins.analytical.clv.scoring.purchases_alive import (
    Buyers,
    average_over_dropout,
    expected_purchases,
)


@pytest.mark.parametrize(
    ("regular", "plain"), [(fit_bgcnbdk, fit_bgnbd), (fit_mbgcnbdk, fit_mbgnbd)]
)
def test_k_of_one_is_the_plain_model(regular, plain, small):
    assert regular(*small.triple, Regularity(k=(1,))) == plain(*small.triple)


def draw(model, size, calibration, until, seed):
    """Simulated frequency, recency, sum of log gaps, and purchases after calibration."""
    random = np.random.default_rng(seed)
    rate = random.gamma(model.r, 1 / model.alpha, size)
    chance = random.beta(model.a, model.b, size)
    frequency, recency, log_gaps, later, clock = np.zeros((5, size))
    alive = np.arange(size)
    if model.dropout_at_birth:
        alive = alive[random.random(size) >= chance]
    while alive.size:
        gap = random.gamma(model.k, 1 / rate[alive])
        clock[alive] += gap
        inside = clock[alive] <= until
        alive, gap = alive[inside], gap[inside]
        seen = clock[alive] <= calibration
        now = alive[seen]
        frequency[now] += 1
        recency[now] = clock[now]
        log_gaps[now] += np.log(gap[seen])
        later[alive[~seen]] += 1
        alive = alive[random.random(alive.size) >= chance[alive]]
    return frequency, recency, log_gaps, later


@pytest.mark.parametrize("dropout_at_birth", [False, True])
def test_expectations_agree_with_a_simulation(dropout_at_birth):
    model = BgNbd(r=0.9, alpha=1.5, a=0.8, b=2.0, k=3, dropout_at_birth=dropout_at_birth)
    size = 60_000
    frequency, recency, _, later = draw(model, size, 20.0, 45.0, seed=5)
    histories = Histories.of(frequency, recency, np.full(size, 20.0))
    expected = expected_transactions(model, histories, 25.0)
    assert expected.mean() == pytest.approx(later.mean(), rel=0.03)
    recent = (frequency > 2) & (recency > 15)
    assert expected[recent].mean() == pytest.approx(later[recent].mean(), rel=0.04)
    in_all = expected_transactions_new(model, [20.0, 45.0])
    assert in_all == pytest.approx([frequency.mean(), (frequency + later).mean()], rel=0.03)


def test_conditional_expectations_average_to_the_unconditional_one():
    model = BgNbd(r=0.9, alpha=1.5, a=1.0, b=2.0, k=2)
    size = 60_000
    frequency, recency, *_ = draw(model, size, 20.0, 20.0, seed=6)
    ahead = expected_transactions(model, Histories.of(frequency, recency, [20.0] * size), 25.0)
    before, after = expected_transactions_new(model, [20.0, 45.0])
    assert ahead.mean() == pytest.approx(after - before, rel=0.03)


def test_gaps_reveal_the_regularity():
    true = BgNbd(r=2.0, alpha=1.0, a=1.0, b=6.0, k=3)
    frequency, recency, log_gaps, _ = draw(true, 2000, 30.0, 30.0, seed=1)
    histories = (frequency, recency, np.full(2000, 30.0))
    model = fit_bgcnbdk(*histories, Regularity(k=(1, 2, 3, 4), log_gaps=log_gaps))
    assert model.k == 3
    assert (model.r, model.alpha) == pytest.approx((2.0, 1.0), rel=0.15)
    assert model.log_likelihood > fit_bgnbd(*histories).log_likelihood


@pytest.mark.parametrize("dropout_at_birth", [False, True])
def test_mass_sums_to_one_and_to_the_expectation(dropout_at_birth):
    model = BgNbd(r=0.5, alpha=3.0, a=1.2, b=2.0, k=4, dropout_at_birth=dropout_at_birth)
    counts = np.arange(2000)
    mass = transaction_mass(model, counts, 30)
    assert mass.sum() == pytest.approx(1, rel=1e-12)
    assert mass @ counts == pytest.approx(expected_transactions_new(model, 30)[0], rel=1e-9)


def test_longer_silence_means_less_alive():
    model = BgNbd(r=0.5, alpha=3.0, a=1.2, b=2.0, k=3)
    alive = p_alive(model, Histories.of([5, 5, 5], [30, 20, 10], [30, 30, 30]))
    assert (np.diff(alive) < 0).all()


@pytest.mark.parametrize("a", [0.05, 0.8, 1.0, 1.3, 40.0, 3000.0])
def test_closed_form_and_average_over_dropout_agree(a):
    frequency = np.array([0.0, 1, 12, 300, 10_000])
    buyers = Buyers(a, 2.4 + frequency, 0.25 + frequency, np.full(5, 40.0))
    for t in (0.1, 10.0, 500.0):
        times = np.full(5, t)
        assert expected_purchases(buyers, times) == pytest.approx(
            average_over_dropout(buyers, times), rel=1e-7
        )


def test_several_k_need_the_gaps(small):
    with pytest.raises(InvalidHistoryError, match="log_gaps is missing; accepted: the gaps"):
        fit_bgcnbdk(*small.triple, Regularity(k=(1, 2)))


def test_k_is_a_small_integer(small):
    with pytest.raises(InvalidHistoryError, match=r"k\[0\] is 0; accepted: integers in 1..20"):
        fit_bgcnbdk(*small.triple, Regularity(k=(0,)))


def test_gaps_of_customers_who_never_came_back_are_refused(small):
    gaps = np.ones(small.age.size)
    with pytest.raises(InvalidHistoryError, match="accepted: 0 where frequency is 0"):
        fit_bgcnbdk(*small.triple, Regularity(k=(2,), log_gaps=gaps))
