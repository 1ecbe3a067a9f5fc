from itertools import pairwise, permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.analytical.effect import (
    InvalidDesignError,
    NotEnoughDataError,
    attribute,
    markov,
    removal_effects,
    shapley,
)

PATHS = [("C1", "C2", "C3"), ("C1",), ("C2", "C3")]
WON = [True, False, False]


def test_the_toy_everyone_can_check_by_hand():
    assert removal_effects(PATHS, WON) == pytest.approx({"C1": 0.5, "C2": 1, "C3": 1})
    assert markov(PATHS, WON) == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})
    found = attribute(PATHS, WON, [[4, 2, 0], [0], [2, 0]], half_life_days=2)
    assert (found.paths, found.conversions) == (3, 1)
    third = pytest.approx({"C1": 1 / 3, "C2": 1 / 3, "C3": 1 / 3})
    assert found.shares["first"] == {"C1": 1, "C2": 0, "C3": 0}
    assert found.shares["last"] == {"C1": 0, "C2": 0, "C3": 1}
    assert found.shares["linear"] == third
    assert found.shares["shapley"] == third
    assert found.shares["position"] == pytest.approx({"C1": 0.4, "C2": 0.2, "C3": 0.4})
    # two half-lives, one, none: 1/4, 1/2, 1
    assert found.shares["time_decay"] == pytest.approx({"C1": 1 / 7, "C2": 2 / 7, "C3": 4 / 7})
    assert "not causal" in found.note


PATH = st.lists(st.sampled_from("abcd"), min_size=1, max_size=5).map(tuple)
BOOK = st.lists(st.tuples(PATH, st.booleans()), min_size=1, max_size=8)


@given(BOOK)
def test_shapley_is_the_mean_over_all_orders_of_joining(book):
    paths, won = zip(*book, strict=True)
    if not any(won):
        return
    channels = sorted({each for path in paths for each in path})

    def worth(members):
        return sum(w and set(p) <= set(members) for p, w in book)

    mean = dict.fromkeys(channels, 0.0)
    for order in permutations(channels):
        for place, channel in enumerate(order):
            mean[channel] += worth(order[: place + 1]) - worth(order[:place])
    total = factorial(len(channels)) * sum(won)
    found = shapley(paths, won)
    assert found == pytest.approx({c: each / total for c, each in mean.items()})


@given(BOOK)
def test_removal_is_solving_the_chain_again_without_the_channel(book):
    paths, won = zip(*book, strict=True)
    if not any(won):
        return
    channels = sorted({each for path in paths for each in path})
    whole = chance_to_win(channels, book, set())
    expected = {c: 1 - chance_to_win(channels, book, {c}) / whole for c in channels}
    assert removal_effects(paths, won) == pytest.approx(expected, abs=1e-9)


def chance_to_win(channels, book, removed):
    """From the start, with removed channels leading nowhere; one linear system each."""
    place = {c: i for i, c in enumerate(["start", *channels, "won", "lost"])}
    counts = np.zeros((len(place), len(place)))
    for path, won in book:
        walk = ["start", *path, "won" if won else "lost"]
        for here, there in pairwise(walk):
            counts[place[here], place[there]] += 1
    inner = len(channels) + 1
    moves = counts[:inner] / counts[:inner].sum(axis=1, keepdims=True)
    for each in removed:
        moves[place[each]] = 0
    return np.linalg.solve(np.eye(inner) - moves[:, :inner], moves[:, place["won"]])[0]


@given(BOOK)
def test_the_shares_of_every_rule_add_up(book):
    paths, won = zip(*book, strict=True)
    if not any(won):
        return
    for rule, shares in attribute(paths, won).shares.items():
        assert sum(shares.values()) == pytest.approx(1), rule


def test_what_cannot_be_shared_is_refused():
    with pytest.raises(NotEnoughDataError, match="no path converted"):
        attribute(PATHS, [False] * 3)
    with pytest.raises(InvalidDesignError, match="an empty path"):
        attribute([()], [True])
    with pytest.raises(InvalidDesignError, match="one for each"):
        markov(PATHS, [True])
    with pytest.raises(InvalidDesignError, match="days >= 0"):
        attribute(PATHS, WON, [[1, 2, float("nan")], [0], [0, 0]])
    with pytest.raises(InvalidDesignError, match="days > 0"):
        attribute(PATHS, WON, [[1, 2, 3], [0], [0, 0]], half_life_days=0)
