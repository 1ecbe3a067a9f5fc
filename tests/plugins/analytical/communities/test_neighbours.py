"""Likeness and who is most alike, against brute force and by hand."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.analytical.communities import neighbours
from crmkit.plugins.analytical.communities.neighbours import graph, idf, nearest, vectors
from crmkit.plugins.analytical.communities.placing import strengths
from tests.plugins.analytical.communities.conftest import sets

BASKETS = st.lists(st.sets(st.integers(0, 7), max_size=5), min_size=2, max_size=14)


def test_rare_items_weigh_more_and_common_ones_nothing():
    bought = sets([{0, 1}, {0, 2}, {0, 1}, {0}], 4)
    assert idf(bought).tolist() == pytest.approx([0, log(2), log(4), 0])


def test_likeness_is_the_weighted_mean_of_two_cosines():
    products, habits = sets([{0, 1}, {1, 2}], 3), sets([{0}, {0}], 1)
    weights = np.array([1.0, 2.0, 3.0])
    rows = vectors([(products, weights, 0.75), (habits, np.ones(1), 0.25)])
    cosine = 2 * 2 / sqrt((1 + 4) * (4 + 9))
    assert (rows @ rows.T).toarray()[0, 1] == pytest.approx(0.75 * cosine + 0.25 * 1)


def test_ties_go_to_the_earlier_anchor():
    same = vectors([(sets([{0}, {0}, {0}, {1}], 2), np.ones(2), 1.0)])
    places, likeness = nearest(same, same, 2, np.arange(4))
    assert places.tolist() == [[1, 2], [0, 2], [0, 1], [-1, -1]]
    assert likeness.tolist() == [[1, 1], [1, 1], [1, 1], [0, 0]]


@settings(max_examples=60, deadline=None)
@given(BASKETS, st.integers(1, 6), st.integers(1, 40))
def test_the_nearest_are_those_that_brute_force_finds(baskets, k, cells):
    bought = sets(baskets, 8)
    rows = vectors([(bought, idf(bought), 1.0)])
    dense = np.round(rows.toarray() @ rows.toarray().T, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "CELLS", cells)  # rows a block: it makes no difference
        places, likeness = nearest(rows, rows, k, np.arange(len(baskets)))
    for row, every in enumerate(dense):
        order = sorted((-every[j], j) for j in range(len(every)) if j != row and every[j] > 0)
        wanted = [j for _, j in order[:k]]
        assert places[row].tolist() == wanted + [-1] * (k - len(wanted))
        assert likeness[row, : len(wanted)] == pytest.approx([every[j] for j in wanted])
    tied = graph(places, likeness)
    assert (tied != tied.T).nnz == 0
    assert tied.diagonal().sum() == 0


def test_strength_is_the_share_of_the_likeness():
    # nearest anchors 0, 1, 2 with .5, .3, .2; anchor 1 is in no community; the second has none
    places = np.array([[0, 1, 2], [-1, -1, -1]])
    likeness = np.array([[0.5, 0.3, 0.2], [0, 0, 0]])
    found = strengths(places, likeness, np.array([1, -1, 0]), 2)
    assert found == pytest.approx(np.array([[0.2, 0.5], [0, 0]]))


@settings(max_examples=60, deadline=None)
@given(BASKETS, st.integers(1, 4), st.integers(1, 3), st.randoms(use_true_random=False))
def test_strengths_are_shares(baskets, k, communities, rng):
    bought = sets(baskets, 8)
    rows = vectors([(bought, idf(bought), 1.0)])
    homes = np.array([rng.randrange(-1, communities) for _ in baskets])
    found = strengths(*nearest(rows, rows, k, np.arange(len(baskets))), homes, communities)
    assert found.shape == (len(baskets), communities)
    assert ((found >= 0) & (found <= 1)).all()
    assert (found.sum(axis=1) <= 1 + 1e-9).all()
    if (homes >= 0).all():
        alike = (nearest(rows, rows, k, np.arange(len(baskets)))[1] > 0).any(axis=1)
        assert found.sum(axis=1) == pytest.approx(alike.astype(float))
