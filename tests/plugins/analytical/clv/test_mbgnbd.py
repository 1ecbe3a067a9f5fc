"""MBG/NBD against the figures of BTYDplus."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    Histories,
    expected_transactions_new,
    fit_mbgnbd,
    p_alive,
    transaction_mass,
)


def test_cdnow_gives_the_published_estimates(cdnow):
    model = fit_mbgnbd(*cdnow.triple)
    assert (round(model.r, 3), round(model.alpha, 3)) == (0.525, 6.183)
    assert (round(model.a, 3), round(model.b, 3)) == (0.891, 1.614)
    assert model.log_likelihood == pytest.approx(-9582.13572, abs=6e-6)
    found = (model.r, model.alpha, model.a, model.b)
    assert found == pytest.approx((0.524843, 6.183085, 0.891359, 1.614002), abs=2e-6)


def test_summary_file_in_rounded_weeks_ends_elsewhere(cdnow):
    rounded = [cdnow.frequency, cdnow.recency.round(2), cdnow.age.round(2)]
    assert fit_mbgnbd(*rounded).log_likelihood == pytest.approx(-9582.13268, abs=6e-6)


def test_never_back_may_be_gone(small):
    model = fit_mbgnbd(*small.triple)
    young, old = p_alive(model, Histories.of([0, 0], [0, 0], [1, 39]))
    assert old < young < 1
    assert young == pytest.approx(
        1 / (1 + model.a / model.b * ((model.alpha + 1) / model.alpha) ** model.r)
    )


def test_mass_sums_to_one_and_to_the_expectation(small):
    model = fit_mbgnbd(*small.triple)
    counts = np.arange(3000)
    mass = transaction_mass(model, counts, 40)
    assert mass.sum() == pytest.approx(1, rel=1e-12)
    assert mass @ counts == pytest.approx(expected_transactions_new(model, 40)[0], rel=1e-9)
