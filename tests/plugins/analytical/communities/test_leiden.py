"""The partition: published optima, graphs anybody can check by hand, and laws."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from crmkit.plugins.analytical.communities.leiden import (
    aggregate,
    leiden,
    level,
    modularity,
    move,
    refine,
)
from crmkit.plugins.analytical.communities.neighbours import graph, idf, nearest, vectors
from tests.plugins.analytical.communities.conftest import edges

LISTS = """
1:2,3,4,5,6,7,8,9,11,12,13,14,18,20,22,32 2:3,4,8,14,18,20,22,31 3:4,8,9,10,14,28,29,33 4:8,13,14
5:7,11 6:7,11,17 7:17 9:31,33,34 10:34 14:34 15:33,34 16:33,34 19:33,34 20:34 21:33,34 23:33,34
24:26,28,30,33,34 25:26,28,32 26:32 27:30,34 28:34 29:32,34 30:33,34 31:33,34 32:33,34 33:34
"""
KARATE = [
    (int(one) - 1, int(other) - 1)
    for one, others in (each.split(":") for each in LISTS.split())
    for other in others.split(",")
]
"""Zachary, "An information flow model for conflict and fission in small groups" (1977)."""


def cliques(count, size):
    """A ring of cliques, each tied to the next by one edge."""
    pairs = []
    for each in range(count):
        nodes = range(each * size, (each + 1) * size)
        pairs += [(a, b) for a in nodes for b in nodes if a < b]
        pairs.append(((each * size) + size - 1, ((each + 1) % count) * size))
    return pairs


def parts(labels):
    return {frozenset(np.flatnonzero(labels == each).tolist()) for each in set(labels.tolist())}


@pytest.mark.parametrize("seed", range(8))
def test_the_karate_club_reaches_its_optimum(seed):
    matrix = edges(KARATE)
    assert (matrix.shape[0], matrix.nnz // 2) == (34, 78)
    labels = leiden(matrix, seed=seed)
    assert modularity(matrix, labels) == pytest.approx(0.41978961, abs=5e-9)
    assert np.bincount(labels).tolist() == [12, 11, 6, 5]


def test_a_ring_of_cliques_falls_into_its_cliques():
    matrix = edges(cliques(5, 5))
    labels = leiden(matrix)
    assert parts(labels) == {frozenset(range(a, a + 5)) for a in range(0, 25, 5)}
    # 55 edges, 50 of them inside; each clique holds a fifth of all ends
    assert modularity(matrix, labels) == pytest.approx(50 / 55 - 5 * (1 / 5) ** 2)


def test_thirty_cliques_show_the_resolution_limit_and_the_parameter_lifts_it():
    # Fortunato & Barthelemy 2007: at resolution 1 pairs of the 30 cliques of 5 are better together
    matrix = edges(cliques(30, 5))
    alone = np.repeat(np.arange(30), 5)
    assert modularity(matrix, leiden(matrix)) > modularity(matrix, alone)
    assert parts(leiden(matrix, resolution=2.0)) == parts(alone)


def test_two_components_are_two_communities_of_half_modularity():
    matrix = edges([(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)])
    labels = leiden(matrix)
    assert parts(labels) == {frozenset({0, 1, 2}), frozenset({3, 4, 5})}
    assert modularity(matrix, labels) == 0.5


def test_weights_decide():
    square = [(0, 1), (1, 2), (2, 3), (3, 0)]
    assert parts(leiden(edges(square, weights=[9, 1, 9, 1]))) == {
        frozenset({0, 1}),
        frozenset({2, 3}),
    }
    assert parts(leiden(edges(square, weights=[1, 9, 1, 9]))) == {
        frozenset({1, 2}),
        frozenset({0, 3}),
    }


def test_graphs_with_little_in_them():
    assert leiden(edges([], count=1)).tolist() == [0]
    assert leiden(edges([], count=3)).tolist() == [0, 1, 2]
    assert modularity(edges([], count=3), [0, 1, 2]) == 0.0
    assert leiden(edges([(0, 2)], count=4)).tolist() == [0, 1, 0, 2]
    assert modularity(edges([(0, 1)]), [0, 1]) == -0.5  # the least there is


def test_the_start_is_kept_where_it_is_as_good():
    square = edges([(0, 1), (1, 2), (2, 3), (3, 0)])
    for start in ([0, 0, 1, 1], [0, 1, 1, 0]):
        assert parts(leiden(square, start=start)) == parts(np.array(start))


def test_online_retail_is_cut_at_least_as_well_as_by_the_peers(online_retail):
    # 49,908 edges; igraph's Leiden reaches .5077, every Louvain less
    rows = vectors([(online_retail, idf(online_retail), 1.0)])
    matrix = graph(*nearest(rows, rows, 15, np.arange(rows.shape[0])))
    assert (matrix.shape[0], matrix.nnz // 2) == (4338, 49_908)
    labels = leiden(matrix)
    assert modularity(matrix, labels) >= 0.505
    assert holds_together(matrix, labels)


def holds_together(matrix, labels):
    """Whether every community is connected within itself."""
    return all(
        connected_components(matrix[nodes][:, nodes], directed=False)[0] == 1
        for nodes in (np.flatnonzero(labels == each) for each in set(labels.tolist()))
    )


@st.composite
def graphs(draw):
    count = draw(st.integers(2, 24))
    nodes = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(nodes, nodes), min_size=1, max_size=60))
    pairs = sorted({(min(p), max(p)) for p in pairs if p[0] != p[1]}) or [(0, 1)]
    weights = draw(st.lists(st.integers(1, 9), min_size=len(pairs), max_size=len(pairs)))
    return edges(pairs, count, weights)


@settings(max_examples=80, deadline=None)
@given(graphs(), st.integers(0, 3), st.sampled_from([0.5, 1.0, 2.0]))
def test_every_community_is_connected_and_no_worse_than_one_or_all(matrix, seed, resolution):
    labels = leiden(matrix, seed=seed, resolution=resolution)
    assert holds_together(matrix, labels)
    reached = modularity(matrix, labels, resolution)
    alone = np.arange(matrix.shape[0])
    assert reached >= modularity(matrix, alone, resolution) - 1e-9
    assert reached >= modularity(matrix, connected_components(matrix)[1], resolution) - 1e-9
    assert labels.tolist() == leiden(matrix, seed=seed, resolution=resolution).tolist()
    sizes = np.bincount(labels)
    assert sizes.tolist() == sorted(sizes, reverse=True)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_modularity_does_not_care_for_names_and_stays_in_bounds(matrix, rng):
    count = matrix.shape[0]
    labels = np.array([rng.randrange(4) for _ in range(count)])
    order = np.array(rng.sample(range(count), count))
    quality = modularity(matrix, labels)
    assert -0.5 <= quality <= 1
    assert modularity(matrix, 7 - 2 * labels) == pytest.approx(quality)
    assert modularity(matrix[order][:, order], labels[order]) == pytest.approx(quality)
    assert modularity(matrix * 3.7, labels) == pytest.approx(quality)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 3))
def test_quality_never_falls_through_the_phases(matrix, seed):
    rng, first = Random(seed), level(matrix)
    community = list(range(matrix.shape[0]))
    before = modularity(matrix, community)
    move(first, community, 1.0, rng)
    moved = modularity(matrix, community)
    assert moved >= before - 1e-9
    refined = np.array(refine(first, community, 1.0, rng))
    assert holds_together(matrix, refined)
    assert modularity(matrix, refined) >= before - 1e-9
    for part in set(refined.tolist()):  # it only cuts communities up
        assert len({community[node] for node in np.flatnonzero(refined == part)}) == 1
    _, small = np.unique(refined, return_inverse=True)
    whole = aggregate(first, small)
    of_parts = [community[node] for node in np.unique(small, return_index=True)[1]]
    assert modularity(whole.matrix, of_parts) == pytest.approx(moved)
    again = np.unique(of_parts, return_inverse=True)[1].tolist()
    move(whole, again, 1.0, rng)
    assert modularity(whole.matrix, again) >= moved - 1e-9


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sampled_from([0.01, 100.0]))
def test_the_unit_of_the_weights_does_not_matter(matrix, scale):
    quality = modularity(matrix, leiden(matrix))
    scaled = matrix * scale
    assert modularity(scaled, leiden(scaled)) == pytest.approx(quality, abs=0.03)
