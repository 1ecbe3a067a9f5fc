"""BG/NBD against the figures printed by its authors and by BTYD."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    BgNbd,
    Histories,
    expected_transactions,
    expected_transactions_new,
    fit_bgnbd,
    p_alive,
    transaction_mass,
)

PAPER = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
UNROUNDED = BgNbd(r=0.2425945, alpha=4.4136019, a=0.7929199, b=2.4258881)
BTYD = BgNbd(r=0.2425982, alpha=4.413684, a=0.7929899, b=2.426167)


@pytest.fixture(scope="module")
def fitted(cdnow):
    return fit_bgnbd(*cdnow.triple)


def test_cdnow_gives_the_published_estimates(cdnow, fitted):
    assert (cdnow.frequency.size, (cdnow.frequency > 0).sum(), cdnow.frequency.sum()) == (
        2357,
        946,
        2457,
    )
    assert (round(fitted.r, 3), round(fitted.alpha, 3)) == (0.243, 4.414)
    assert (round(fitted.a, 3), round(fitted.b, 3)) == (0.793, 2.426)
    assert round(fitted.log_likelihood, 1) == -9582.4
    assert fitted.converged
    assert fitted.note == ""


def test_cdnow_gives_the_estimates_to_more_digits(fitted):
    found = (fitted.r, fitted.alpha, fitted.a, fitted.b)
    assert found == pytest.approx((0.2425945, 4.4136019, 0.7929199, 2.4258881), rel=1e-5)
    assert found == pytest.approx((0.2425982, 4.413684, 0.7929899, 2.426167), rel=2e-4)
    assert round(fitted.log_likelihood, 3) == -9582.429
    assert fitted.log_likelihood == pytest.approx(-9582.42921, abs=6e-6)


def test_summary_file_in_rounded_weeks_ends_elsewhere(cdnow):
    rounded = [cdnow.frequency, cdnow.recency.round(2), cdnow.age.round(2)]
    assert fit_bgnbd(*rounded).log_likelihood == pytest.approx(-9582.42556, abs=6e-6)


@pytest.mark.parametrize(("source", "tolerance"), [("btyd", 1e-5), ("fit", 1e-4)])
def test_customer_1516(source, tolerance, request):
    model = BTYD if source == "btyd" else request.getfixturevalue("fitted")
    customer = Histories.of([26], [30.85714], [31])
    assert expected_transactions_new(model, 52)[0] == pytest.approx(1.444004, rel=tolerance)
    assert expected_transactions(model, customer, 52)[0] == pytest.approx(25.75659, rel=tolerance)
    assert p_alive(model, customer)[0] == pytest.approx(0.9688523, rel=tolerance)


def test_more_purchases_can_mean_fewer_expected():
    same_recency = Histories.of([10, 15, 20, 25], [20] * 4, [39] * 4)
    printed = [0.3474606, 0.04283391, 0.004158973, 0.0003583685]
    assert expected_transactions(BTYD, same_recency, 52) == pytest.approx(printed, rel=1e-5)


def test_never_back_is_alive_by_construction():
    assert p_alive(PAPER, Histories.of([0], [0], [39])).tolist() == [1.0]


def test_hardies_spreadsheet_needs_unrounded_parameters():
    ahead = expected_transactions(UNROUNDED, Histories.of([2], [30.43], [38.86]), 39)
    assert ahead.round(3).tolist() == [1.226]
    times = [0.1429, 1, 3, 31.8571, 32]
    assert expected_transactions_new(UNROUNDED, times).round(4).tolist() == [
        0.0078,
        0.0532,
        0.1506,
        1.0405,
        1.0437,
    ]
    # the spreadsheet prints 1.8576 here; its own formula gives this
    assert expected_transactions_new(UNROUNDED, 78).round(4).tolist() == [1.8580]
    assert expected_transactions_new(PAPER, [*times, 78]).round(4).tolist() == [
        0.0078,
        0.0533,
        0.1509,
        1.0420,
        1.0452,
        1.8605,
    ]


def test_probability_mass():
    assert transaction_mass(PAPER, 10, 2) == pytest.approx([1.07869e-07], rel=5e-6)
    assert transaction_mass(PAPER, 0, 39).round(7).tolist() == [0.5737864]
    printed = [
        0.0019995214,
        0.0015170236,
        0.0011633150,
        0.0009003148,
        0.0007023638,
        0.0005517902,
        0.0004361913,
        0.0003467171,
        0.0002769613,
        0.0002222260,
    ]
    assert transaction_mass(PAPER, range(11, 21), 30).round(10).tolist() == printed


def test_mass_sums_to_one_and_to_the_expectation():
    counts = np.arange(2000)
    mass = transaction_mass(PAPER, counts, 40)
    assert mass.sum() == pytest.approx(1, rel=1e-12)
    assert mass @ counts == pytest.approx(expected_transactions_new(PAPER, 40)[0], rel=1e-9)
