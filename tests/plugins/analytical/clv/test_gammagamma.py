"""Gamma-Gamma against note 025."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    GammaGamma,
    InvalidHistoryError,
    expected_spend,
    fit_gammagamma,
)


@pytest.fixture(scope="module")
def fitted(cdnow):
    return fit_gammagamma(cdnow.frequency, cdnow.monetary)


def test_cdnow_gives_the_published_estimates(fitted):
    assert (round(fitted.p, 2), round(fitted.q, 2), round(fitted.v, 2)) == (6.25, 3.74, 15.44)
    assert round(fitted.log_likelihood, 4) == -4055.9177
    assert fitted.customers == 946


def test_spend_of_the_first_ten_customers(cdnow, fitted):
    printed = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert cdnow.frequency[:10].tolist() == [2, 1, 0, 0, 0, 7, 1, 0, 2, 0]
    assert expected_spend(fitted, cdnow.frequency[:10], cdnow.monetary[:10]).round(
        2
    ).tolist() == pytest.approx(printed, abs=1e-9)


def test_spend_with_rounded_parameters(cdnow):
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    found = expected_spend(model, cdnow.frequency[:3], cdnow.monetary[:3])
    assert found.round(2).tolist() == [24.66, 18.92, 35.22]


def test_means_rounded_to_the_cent_end_elsewhere(cdnow):
    rounded = fit_gammagamma(cdnow.frequency, cdnow.monetary.round(2))
    assert rounded.log_likelihood == pytest.approx(-4055.92, abs=0.01)


def test_spend_lies_between_own_mean_and_everyones():
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    everyone = expected_spend(model, [0], [0])[0]
    found = expected_spend(model, [1, 5, 500], [100, 100, 100])
    assert everyone < found[0] < found[1] < found[2] < 100
    assert found[2] == pytest.approx(100, rel=0.01)


def test_currency_does_not_matter(small):
    euros = fit_gammagamma(small.frequency, small.monetary)
    cents = fit_gammagamma(small.frequency, small.monetary * 100)
    assert (cents.p, cents.q, cents.v / 100) == pytest.approx((euros.p, euros.q, euros.v), rel=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_identical_spend_lies_on_the_boundary(count):
    model = fit_gammagamma([3, 4, 5][:count], [10.0] * count)
    assert model.converged
    assert "p grows" in model.note
    assert expected_spend(model, [3], [10.0]) == pytest.approx([10.0], rel=1e-3)


def test_spend_without_a_mean_lies_on_the_boundary():
    wild = np.exp(3 * np.random.default_rng(3).standard_normal(200))
    model = fit_gammagamma(np.ones(200), wild)
    assert model.q == pytest.approx(1.01)
    assert "q shrinks" in model.note
    assert np.isfinite(expected_spend(model, [0], [0])).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1], [0.0]), r"monetary\[0\] is 0; accepted: values > 0 where frequency > 0"),
        (([1, 2], [5.0, -3]), r"monetary\[1\] is -3; accepted: finite numbers >= 0"),
        (([1], [5.0, 3]), r"monetary is of shape \(2,\); accepted: shape \(1,\)"),
        (([0], [0.0]), "frequency is 0 everywhere; accepted: at least one repeat purchase"),
        (([0.5], [1.0]), r"frequency\[0\] is 0.5; accepted: integers >= 0"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(InvalidHistoryError, match=message):
        fit_gammagamma(*arguments)
