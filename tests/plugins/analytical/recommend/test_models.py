"""Likeness of items, exact rules and rankings, by hand and by brute force."""

from fractions import Fraction
from itertools import chain, combinations
from math import log2, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.analytical import recommend
from crmkit.plugins.analytical.recommend.scoring.baskets import top_of_each_row
from crmkit.plugins.analytical.recommend.scoring.evaluation import first_of

# customers by items: 0 has a b, 1 has a b, 2 has a c, 3 has c
ROWS = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 2), (3, 2)]


def purchases(rows=ROWS, shape=(4, 3), times=None, counts=None):
    who, what = zip(*rows, strict=True) if rows else ((), ())
    n = len(rows)
    return recommend.Purchases.of(who, what, times or [0.0] * n, counts or [1.0] * n, shape)


def dense(matrix):
    return np.asarray(matrix.todense())


def test_cosine_by_hand():
    found = dense(recommend.cosine(purchases(), 2).likeness)
    assert found[0].tolist() == pytest.approx([0, 2 / sqrt(3 * 2), 1 / sqrt(3 * 2)])
    assert found[1].tolist() == pytest.approx([2 / sqrt(6), 0, 0])


def test_sar_is_jaccard_and_halves_with_each_half_life():
    model = recommend.sar(purchases(times=[0, 30, 60, 60, 60, 60, 60]), 2, 30.0)
    assert dense(model.likeness)[0].tolist() == pytest.approx([0, 2 / 3, 1 / 4])
    # customer 0 has a from two half lives ago, b from one
    scores = model.scores(purchases(times=[0, 30, 60, 60, 60, 60, 60]))
    assert scores[0].tolist() == pytest.approx([0.5 * 2 / 3, 0.25 * 2 / 3, 0.25 / 4])


def test_ease_has_no_diagonal_and_reproduces_what_a_ridge_does():
    bought = purchases()
    weights = dense(recommend.ease(bought, 0.5).likeness)
    assert np.diag(weights).tolist() == [0, 0, 0]
    x = bought.matrix().toarray()
    for item in range(3):
        others = [each for each in range(3) if each != item]
        a = x[:, others]
        by_ridge = np.linalg.solve(a.T @ a + 0.5 * np.eye(2), a.T @ x[:, item])
        assert weights[others, item] == pytest.approx(by_ridge)


def test_ease_refuses_what_it_cannot_invert():
    many = purchases([(0, 0)], (1, 5_001))
    with pytest.raises(recommend.TooManyItemsError, match=r"5,001 items.*set `model`"):
        recommend.ease(many, 1.0)


def test_who_owns_nothing_gets_what_most_buy():
    model = recommend.cosine(purchases(), 2)
    assert model.scores(purchases([(0, 0)], (2, 3)))[1].tolist() == pytest.approx([1, 2 / 3, 2 / 3])


def test_recent_popularity_counts_more():
    model = recommend.popular(purchases(times=[0, 0, 0, 0, 0, 100, 100]), 100.0)
    assert model.popularity.tolist() == pytest.approx([1.5 / 2, 1 / 2, 1])


def test_what_went_back_was_not_kept_and_pairs_are_one():
    found = purchases([(0, 0), (0, 0), (1, 1)], (2, 2), times=[1, 5, 2], counts=[1, 2, -1])
    assert (found.customers.tolist(), found.times.tolist(), found.counts.tolist()) == (
        [0],
        [5],
        [3],
    )


@pytest.mark.parametrize(
    ("given_rows", "given_times"), [([(0, 0)], [float("nan")]), ([(9, 0)], [1.0])]
)
def test_arrays_that_say_nothing_are_refused(given_rows, given_times):
    with pytest.raises(recommend.InvalidPurchasesError):
        purchases(given_rows, (2, 2), times=given_times)


def test_the_largest_of_each_row_with_ties_by_position():
    found = dense(top_of_each_row(np.array([[1, 3, 3, 2], [0, 0, 5, 5]]), 2))
    assert found.tolist() == [[0, 3, 3, 0], [0, 0, 5, 5]]


def test_tent_and_pegs_on_the_threshold():
    baskets = [["tent", "pegs"]] * 4 + [["tent"]] + [["stove"]] * 19
    rules = recommend.association_rules(baskets, min_support="0.1", min_confidence=0.8)
    (rule,) = [each for each in rules if each.given == ("tent",)]
    assert (rule.then, rule.both, rule.given_count, rule.baskets) == ("pegs", 4, 5, 24)
    assert rule.confidence == Fraction(4, 5)
    assert rule.lift == Fraction(4, 5) / Fraction(4, 24)
    assert rule.leverage == Fraction(4, 24) - Fraction(5, 24) * Fraction(4, 24)
    assert rule.conviction == (1 - Fraction(4, 24)) / Fraction(1, 5)


BASKETS = st.lists(st.sets(st.sampled_from("abcde"), max_size=5), min_size=1, max_size=12)
SHARES = st.sampled_from(["0.1", "0.25", "1/3", "0.5", "0.8"])


@given(BASKETS, SHARES, SHARES)
def test_rules_are_those_that_brute_force_finds(baskets, support, confidence):
    def held(items):
        return sum(set(items) <= each for each in baskets)

    wanted = set()
    for size in range(2, 5):
        for items in combinations("abcde", size):
            for then in items:
                left = tuple(each for each in items if each != then)
                both, own = held(items), held(left)
                is_often = both and both >= Fraction(support) * len(baskets)
                if is_often and both >= Fraction(confidence) * own:
                    wanted.add((left, then, both, own))
    found = recommend.association_rules(baskets, min_support=support, min_confidence=confidence)
    assert {(each.given, each.then, each.both, each.given_count) for each in found} == wanted


def test_measures_by_hand():
    # owns a; ranked b then c; bought c only
    before = purchases([(0, 0), (1, 1)], (2, 3))
    model = recommend.ItemModel("by hand", np.zeros((3, 3)), np.zeros(3), before.matrix(), None)
    object.__setattr__(model, "likeness", before.matrix().T @ before.matrix() * 0)
    found = recommend.evaluate(model, before, [{0, 2}, set()], 2)
    # of equal scores the smaller position comes first: b, c
    assert (found.customers, found.precision, found.recall, found.hit_rate) == (1, 0.5, 1, 1)
    assert found.average_precision == 0.5
    assert found.ndcg == pytest.approx(1 / log2(3))
    assert found.coverage == pytest.approx(2 / 3)
    # b is had by one of two, c by nobody, who counts as one
    assert found.novelty == pytest.approx((log2(2) + log2(2)) / 2)


@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=6))
def test_what_somebody_has_is_never_among_the_first(rows):
    scores = np.array(rows, float)
    owned = scores == 0
    for at, ranked in enumerate(first_of(scores, owned, 2)):
        free = int((~owned[at]).sum())
        assert not owned[at][ranked[: min(2, free)]].any()


def test_a_chain_of_customers_is_followed():
    rows = list(chain.from_iterable([(n, n), (n, n + 1)] for n in range(20)))
    model = recommend.cosine(purchases(rows, (20, 21)), 5)
    ranked = first_of(model.scores(purchases([(0, 3)], (1, 21))), np.eye(21)[[3]] > 0, 2)
    assert sorted(ranked[0].tolist()) == [2, 4]
