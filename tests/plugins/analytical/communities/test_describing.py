"""Marks, names, habits, chance, and which community is which: by hand and as laws."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.analytical.communities import Event
from crmkit.plugins.analytical.communities.chance import shuffled
from crmkit.plugins.analytical.communities.facts import chosen_among
from crmkit.plugins.analytical.communities.finding import events
from crmkit.plugins.analytical.communities.habits import basket, in_words, usual
from crmkit.plugins.analytical.communities.marks import log_odds, marks_of
from crmkit.plugins.analytical.communities.matching import match
from crmkit.plugins.analytical.communities.naming import name, title
from tests.plugins.analytical.communities.conftest import sets


class Named:
    def __init__(self, name):
        self.name = name


def test_log_odds_are_those_of_monroe_colaresi_and_quinn():
    # two items, 8 and 2 members, 2 and 8 others: prior 1 each, so (9/3) / (3/9) = 9
    found = log_odds(np.array([8, 2]), np.array([2, 8]))
    z = log(9) / sqrt(1 / 9 + 1 / 3)
    assert found == pytest.approx([z, -z])
    assert log_odds(np.array([0, 3]), np.array([0, 3])).tolist() == [0, 0]


def test_a_mark_needs_members_and_significance_and_comes_with_counts():
    rows = [{0, 1} for _ in range(30)] + [{1, 2} for _ in range(29)] + [{1, 3}]
    members = np.arange(60) < 30
    (mark,) = marks_of(sets(rows, 4), members, "abcd", ["A", "B", "C", "D"])
    assert (mark.key, mark.name, mark.members, mark.others) == ("a", "A", 30, 0)
    assert mark.lift == 2.0  # all members, half of everybody
    assert mark.z > 3
    assert [each.key for each in marks_of(sets(rows, 4), ~members, "abcd", "ABCD")] == ["c"]


def test_a_name_takes_two_words_of_each_product_and_is_unique():
    herbs = ["HERB MARKER THYME", "HERB MARKER PARSLEY", "SET/6 HERB POTS", "BAG"]
    assert name(herbs, ()) == "herb_marker_parsley_pots"
    assert name(herbs, {"herb_marker_parsley_pots"}) == "herb_marker_parsley_pots_2"
    assert name(["Crème brûlée", "Größe 42"], ()) == "creme_brulee_groe"
    assert name(["茶碗"], ()) == name([], ()) == "community"
    assert title(herbs) == "HERB MARKER THYME · HERB MARKER PARSLEY · SET/6 HERB POTS"


def test_a_habit_holds_more_than_half_of_at_least_two_orders():
    # customer 0: 2 of 3 on code 1; 1: 1 of 2; 2: one order only; 3: none
    rows, codes = np.array([0, 0, 1, 1, 2]), np.array([1, 0, 0, 1, 1])
    times = np.array([2, 1, 1, 1, 1])
    assert usual(rows, codes, times, 4, 2).tolist() == [1, -1, -1, -1]
    assert in_words("on {}", np.array([1, -1]), ["a", "b"]) == ["on b", None]
    assert basket(np.array([1, 4, 60, 0]), np.array([1, 2, 2, 0])) == [
        "baskets of 1 product",
        "baskets of 2-4 products",
        "baskets of 30 products or more",
        None,
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sets(st.integers(0, 9), max_size=7), min_size=1, max_size=12), st.integers(0, 9))
def test_shuffled_baskets_keep_their_sizes_and_products_their_popularity(baskets, seed):
    before = sets(baskets, 10)
    after = shuffled(before, seed)
    assert np.diff(after.indptr).tolist() == [len(each) for each in baskets]
    assert np.bincount(after.indices, minlength=10).tolist() == before.sum(axis=0).tolist()
    assert set(after.data.tolist()) <= {1.0}
    assert after.toarray().max(initial=0) <= 1  # nobody has a product twice


def test_a_sample_keeps_who_is_in_when_others_go():
    ids = np.arange(1, 1001)
    chosen = chosen_among(ids, 100)
    assert len(chosen) == 100
    assert chosen.mean() == pytest.approx(500, abs=100)
    left = ids[ids % 7 != 0]
    stays = set(chosen.tolist()) & set(left.tolist())
    assert stays <= set(chosen_among(left, 100).tolist())
    assert chosen_among(ids, 2000).tolist() == ids.tolist()


def test_names_go_to_the_largest_overlap():
    # old A = 4, B = 4; new x has 3 of A, y has 1 of A and all of B
    old, new = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1, 1, 1])
    found = match(old, new, 2, 2)
    assert found.old_of.tolist() == [0, 1]
    assert found.overlap.tolist() == [3 / 4, 4 / 5]


def told(old, new, old_names, new_names):
    found = match(np.array(old, int), np.array(new, int), len(old_names), len(new_names))
    return list(events(found, list(map(Named, old_names)), list(map(Named, new_names))))


def test_a_split_a_merger_a_birth_and_a_death_are_told():
    assert told([0] * 10, [0] * 6 + [1] * 4, ["a"], ["a", "b"]) == [
        Event(kind="kept", name="a", overlap=0.6),
        Event(kind="split", name="b", other="a", overlap=1.0),
    ]
    assert told([0] * 6 + [1] * 4, [0] * 10, ["a", "b"], ["a"]) == [
        Event(kind="kept", name="a", overlap=0.6),
        Event(kind="merged", name="b", other="a", overlap=1.0),
    ]
    assert told([], [], ["a"], ["b"]) == [
        Event(kind="born", name="b"),
        Event(kind="died", name="a"),
    ]
    assert told([0] * 4 + [-1] * 4, [-1] * 4 + [0] * 4, ["a"], ["b"]) == [
        Event(kind="born", name="b"),
        Event(kind="died", name="a"),
    ]
    assert told([], [], [], ["b"]) == [Event(kind="born", name="b")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1, 4), min_size=1, max_size=40), st.permutations(range(5)))
def test_the_same_partition_keeps_every_name_whatever_its_numbers(old, renumbered):
    new = np.array([renumbered[each] if each >= 0 else -1 for each in old])
    found = match(np.array(old), new, 5, 5)
    for each in set(old) - {-1}:
        assert found.old_of[renumbered[each]] == each
        assert found.overlap[renumbered[each]] == 1.0
