"""NBD, the model without dropout."""

import numpy as np
import pytest
from scipy.stats import nbinom

from crmkit.plugins.analytical.clv import (
    Histories,
    Nbd,
    expected_transactions,
    expected_transactions_new,
    fit_bgnbd,
    fit_nbd,
    p_alive,
    transaction_mass,
)


def test_estimates_are_recovered():
    random = np.random.default_rng(4)
    age = random.uniform(20, 60, 20_000)
    frequency = random.poisson(random.gamma(0.8, 1 / 6.0, 20_000) * age)
    model = fit_nbd(frequency, age)
    assert (model.r, model.alpha) == pytest.approx((0.8, 6.0), rel=0.05)


def test_dropout_improves_on_it(cdnow):
    without = fit_nbd(cdnow.frequency, cdnow.age)
    assert without.log_likelihood == pytest.approx(-9763.6576, abs=1e-3)
    assert fit_bgnbd(*cdnow.triple).log_likelihood > without.log_likelihood + 100


def test_predictions_are_those_of_the_negative_binomial():
    model, customers = Nbd(r=0.8, alpha=6.0), Histories.of([3, 0], [9, 0], [10, 10])
    assert p_alive(model, customers).tolist() == [1, 1]
    assert expected_transactions(model, customers, 8) == pytest.approx([3.8 / 2, 0.8 / 2])
    assert expected_transactions_new(model, 12) == pytest.approx([1.6])
    counts = np.arange(40)
    assert transaction_mass(model, counts, 12) == pytest.approx(nbinom.pmf(counts, 0.8, 6 / 18))
