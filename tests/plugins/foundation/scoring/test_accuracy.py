"""Measures of what was foretold, against hand computations and brute force."""

from itertools import product
from math import isnan, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.foundation.scoring import accuracy

SMALL = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=25)


def test_the_area_of_a_textbook_case():
    # scikit-learn's example for roc_auc_score: 0.75
    assert accuracy.area_under_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == 0.75


@given(SMALL)
def test_the_area_is_the_share_of_pairs_in_the_right_order(rows):
    yes = [value for value, happened in rows if happened]
    no = [value for value, happened in rows if not happened]
    found = accuracy.area_under_curve(*zip(*rows, strict=True))
    if not yes or not no:
        assert isnan(found)
        return
    wins = [(a > b) + (a == b) / 2 for a, b in product(yes, no)]
    assert found == pytest.approx(np.mean(wins))


def test_spearman_of_a_published_table():
    # IQ and hours of TV a week, the worked example of the article on Spearman's rho: -29/165
    iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    tv = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    assert accuracy.rank_correlation(iq, tv) == pytest.approx(-29 / 165)


def test_ties_share_their_mean_rank():
    assert accuracy.ranks([10, 20, 10, 5]).tolist() == [2.5, 4, 2.5, 1]
    assert isnan(accuracy.rank_correlation([1, 1, 1], [1, 2, 3]))


def test_the_top_tenth_of_ten_is_one():
    assert accuracy.top_share(range(10), [0] * 9 + [5]) == 1
    assert accuracy.top_share(range(10), [5] + [0] * 9) == 0


def test_customers_valued_alike_share_the_room_that_is_left():
    assert accuracy.top_share([1] * 10, [7] + [0] * 9) == pytest.approx(0.1)
    assert accuracy.top_share([2] + [1] * 19, [0, *[1] * 19]) == pytest.approx(1 / 19)


@given(SMALL)
def test_no_ranking_beats_the_one_that_knows(rows):
    value, came = zip(*rows, strict=True)
    if any(came):
        assert accuracy.top_share(value, came) <= accuracy.top_share(came, came) + 1e-12


def test_brier_and_log_loss_by_hand():
    assert accuracy.squared_error([0.9, 0.2], [1, 0]) == pytest.approx((0.01 + 0.04) / 2)
    assert accuracy.log_loss([0.9, 0.2], [1, 0]) == pytest.approx(-(log(0.9) + log(0.8)) / 2)
    assert accuracy.absolute_error([1, 5], [2, 3]) == 1.5


def test_a_true_coin_is_calibrated_and_a_false_one_is_not():
    happened = [True, False] * 50
    assert accuracy.calibration_error([0.5] * 100, happened) == pytest.approx(0)
    assert accuracy.calibration_error([0.9] * 100, happened) == pytest.approx(0.4)


def test_deciles_hold_everybody_once_the_highest_first():
    rows = accuracy.deciles(range(23), [1.0] * 23)
    assert [each.customers for each in rows] == [3, 3, 3, 2, 2, 2, 2, 2, 2, 2]
    assert rows[0].foretold == 21
    assert sum(each.share for each in rows) == pytest.approx(1)
    assert {each.lift for each in rows} == {1.0}
