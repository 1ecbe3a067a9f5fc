"""The unit of time is the caller's: nothing but alpha and beta depends on it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.analytical.clv import (
    Histories,
    Regularity,
    discounted_transactions,
    expected_transactions,
    fit_bgnbd,
    fit_mbgcnbdk,
    fit_mbgnbd,
    fit_nbd,
    fit_paretonbd,
    p_alive,
)


def fit_k(*triple):
    return fit_mbgcnbdk(*triple, Regularity(k=(2,)))


def nbd(frequency, _, age):
    return fit_nbd(frequency, age)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbgnbd, fit_paretonbd, fit_k, nbd])
@settings(max_examples=6, deadline=None)
@given(scale=st.floats(-6, 6).map(lambda power: 10**power))
def test_predictions_do_not_depend_on_the_unit(fit, small, scale):
    frequency, recency, age = small.triple
    weeks = fit(frequency, recency, age)
    other = fit(frequency, recency * scale, age * scale)
    assert other.alpha / scale == pytest.approx(weeks.alpha, rel=1e-4)
    phases = getattr(weeks, "k", 1) * frequency.sum()
    shift = phases * np.log(scale)
    assert other.log_likelihood + shift == pytest.approx(weeks.log_likelihood, rel=1e-9)
    here, there = small.histories, Histories.of(frequency, recency * scale, age * scale)
    assert p_alive(other, there) == pytest.approx(p_alive(weeks, here), rel=1e-4)
    assert expected_transactions(other, there, 20 * scale) == pytest.approx(
        expected_transactions(weeks, here, 20), rel=1e-4
    )
    assert discounted_transactions(other, there, delta=0.01 / scale, horizon=50 * scale) == (
        pytest.approx(discounted_transactions(weeks, here, delta=0.01, horizon=50), rel=1e-4)
    )
