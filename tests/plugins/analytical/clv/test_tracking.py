"""Expected against actual purchases of the CDNOW cohort, calibration and holdout."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    BgNbd,
    Histories,
    InvalidHistoryError,
    expected_transactions,
    expected_transactions_new,
    fit_bgnbd,
    track,
)

MODEL = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.fixture(scope="module")
def tracked(cdnow):
    weeks = np.append(np.arange(1, 78), cdnow.repeat_weeks.max())
    model = fit_bgnbd(*cdnow.triple)
    return track(model, cdnow.histories, cdnow.repeat_weeks, np.unique(weeks))


def test_cdnow_calibration_is_met(tracked, cdnow):
    assert tracked.calibrated_until == cdnow.age.max()
    here = np.searchsorted(tracked.until, 38)
    assert tracked.actual[here] == (cdnow.repeat_weeks <= 38).sum()
    assert tracked.expected[here] == pytest.approx(tracked.actual[here], rel=0.05)


def test_cdnow_is_four_percent_short_after_78_weeks(tracked):
    assert tracked.expected[-1] / tracked.actual[-1] - 1 == pytest.approx(-0.041, abs=5e-4)
    assert tracked.holdout_deviation() == pytest.approx(-0.115, abs=5e-4)


def test_tracked_holdout_is_about_the_sum_of_conditional_expectations(tracked, cdnow):
    model = fit_bgnbd(*cdnow.triple)
    weeks = tracked.until[-1] - cdnow.age.max()
    conditional = expected_transactions(model, cdnow.histories, weeks).sum()
    here = np.searchsorted(tracked.until, cdnow.age.max(), side="right") - 1
    later = tracked.expected[-1] - tracked.expected[here]
    assert later == pytest.approx(conditional, rel=0.1)


def test_increments_add_up(tracked):
    assert tracked.expected_increments().sum() == pytest.approx(tracked.expected[-1])
    assert tracked.actual_increments().sum() == tracked.actual[-1]
    assert (tracked.expected_increments() > 0).all()


def test_a_customer_is_born_when_the_age_says():
    two = Histories.of([0, 0], [0, 0], [10, 4], weights=[1, 3])
    found = track(MODEL, two, [], [5, 6, 8])
    alone = expected_transactions_new(MODEL, [5, 6, 8, 2])
    assert found.expected == pytest.approx([alone[0], alone[1], alone[2] + 3 * alone[3]])
    assert found.actual.tolist() == [0, 0, 0]


def test_holdout_without_purchases_has_no_deviation():
    one = Histories.of([1], [2], [10])
    with pytest.raises(InvalidHistoryError, match="until is without a purchase in the holdout"):
        track(MODEL, one, [2.0], [5, 10, 15]).holdout_deviation()


@pytest.mark.parametrize(
    ("times", "until", "message"),
    [
        ([-1.0], [5], r"purchase_times\[0\] is -1; accepted: finite numbers >= 0"),
        ([1.0], [5, 5], r"until\[1\] is 5; accepted: rising times"),
        ([1.0], [-5], r"until\[0\] is -5; accepted: finite numbers >= 0"),
    ],
)
def test_refuses(times, until, message):
    with pytest.raises(InvalidHistoryError, match=message):
        track(MODEL, Histories.of([1], [2], [10]), times, until)
