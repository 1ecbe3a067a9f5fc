"""Referral credit, keeping against winning, promoters: against hand computations and laws."""

from math import isnan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.analytical import lifecycle
from crmkit.plugins.analytical.lifecycle.scoring.credit import credit
from crmkit.plugins.analytical.lifecycle.scoring.keeping import compare, per_head
from crmkit.plugins.analytical.lifecycle.scoring.promoters import net_promoter

TWENTY = [10] * 5 + [9] * 4 + [8] * 3 + [7] * 2 + [6] * 2 + [5] + [3] + [0] * 2


def test_twenty_answers_do_not_tell_the_sign():
    score = net_promoter(TWENTY)
    assert (score.promoters, score.passives, score.detractors) == (9, 5, 6)
    assert score.value == pytest.approx(0.15)
    assert score.low == pytest.approx(-0.2238, abs=5e-5)
    assert score.high == pytest.approx(0.5238, abs=5e-5)


def test_nobody_answered():
    score = net_promoter([])
    assert score.answers == 0
    assert isnan(score.value)


def test_one_answer_has_no_interval():
    score = net_promoter([10])
    assert score.value == 1
    assert isnan(score.low)


@pytest.mark.parametrize("wrong", [11, -1, 7.5, float("nan")])
def test_what_is_no_answer_is_refused(wrong):
    with pytest.raises(lifecycle.InvalidAnswerError, match="whole numbers from 0 to 10"):
        net_promoter([9, wrong])


@given(st.lists(st.integers(0, 10), min_size=2, max_size=40))
def test_the_score_is_the_mean_of_plus_one_zero_and_minus_one(answers):
    signs = [(each >= 9) - (each <= 6) for each in answers]
    score = net_promoter(answers)
    assert score.value == pytest.approx(np.mean(signs))
    assert score.high - score.value == pytest.approx(1.959964 * np.std(signs) / sqrt(len(signs)))


def test_a_chain_pays_share_then_share_squared():
    found = credit([100, 40, 20], [-1, 0, 1], 0.5)
    assert found.passed.tolist() == [0, 25, 10]
    assert found.received.tolist() == [25, 10, 0]
    assert found.credited.tolist() == [125, 25, 10]


def test_two_friends_of_one_customer():
    assert credit([10, 8, 4], [-1, 0, 0], 0.25).credited.tolist() == [13, 6, 3]


@st.composite
def forests(draw):
    size = draw(st.integers(1, 30))
    order = draw(st.permutations(range(size)))
    sent_by = [-1] * size
    for place in range(1, size):
        if draw(st.booleans()):
            sent_by[order[place]] = order[draw(st.integers(0, place - 1))]
    worth = draw(st.lists(st.floats(-1e6, 1e6), min_size=size, max_size=size))
    return worth, sent_by


@given(forests(), st.floats(0, 0.99))
def test_credit_moves_value_and_makes_none(forest, share):
    worth, sent_by = forest
    found = credit(worth, sent_by, share)
    assert found.credited.sum() == pytest.approx(sum(worth), abs=1e-6)
    for each, sender in enumerate(sent_by):
        assert found.passed[each] == pytest.approx(
            0 if sender < 0 else share * (worth[each] + found.received[each]), abs=1e-6
        )


def test_a_circle_is_refused():
    with pytest.raises(lifecycle.ReferralCircleError, match="3 customers"):
        credit([1, 1, 1, 1], [1, 2, 0, -1], 0.5)


def test_what_was_spent_in_vain_is_part_of_the_price():
    found = per_head([10, 30, 20, 40], [1, 0, 1, 0])
    assert (found.customers, found.heads, found.cost, found.each) == (4, 2, 100, 50)
    # residuals 10-50, 30, 20-50, 40: squares 1600 + 900 + 900 + 1600 = 5000, /3 *4, root, /2
    assert found.error == pytest.approx(sqrt(5000 / 3 * 4) / 2)


def test_keeping_is_cheaper_where_it_is():
    found = compare([50] * 100, [1] * 40 + [0] * 60, [10] * 100, [1] * 80 + [0] * 20)
    assert found.verdict == "holds"
    assert found.saved == pytest.approx(125 - 12.5)
    assert found.saved_low < found.saved < found.saved_high


def test_the_claim_may_be_refuted():
    found = compare([10] * 100, [1] * 80 + [0] * 20, [50] * 100, [1] * 40 + [0] * 60)
    assert found.verdict == "refuted"


def test_the_same_price_leaves_it_open():
    found = compare([10, 20] * 50, [1] * 100, [20, 10] * 50, [1] * 100)
    assert found.verdict == "open"
    assert found.saved == 0


def test_too_few_heads_claim_nothing():
    assert compare([9] * 9, [1] * 9, [1] * 100, [1] * 100).verdict == "not enough data"
    assert compare([], [], [], []).verdict == "not enough data"


def test_the_interval_covers_as_often_as_it_says():
    chance = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        won = chance.random(300) < 0.3
        spent = chance.gamma(2, 5, 300) * (1 + won)
        found = per_head(spent, won)
        truth = 10 * 1.3 / 0.3
        hits += abs(found.each - truth) < 1.96 * found.error
    assert 0.92 <= hits / 400 <= 0.975
