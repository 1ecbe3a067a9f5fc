"""Arms in their shares, and bounds that hold as often as one looks."""

import random
from collections import Counter
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.operational.marketing.numbers import (
    Draw,
    block_size,
    mean_and_error,
    position,
    share_difference,
    share_sequence,
)

SHARES = {"a": 0.45, "b": 0.45, "holdout": 0.1}


@given(
    st.lists(st.tuples(st.integers(1, 10**9), st.sampled_from("xyz")), unique_by=lambda e: e[0]),
    st.integers(1, 50),
)
def test_every_stratum_holds_every_arm_in_its_share(members, size):
    counted, found = {}, {}
    strata = dict(members)
    for first in range(0, len(members), size):
        found |= Draw("w", SHARES, counted).arms(members[first : first + size])
        counted = Counter((strata[each], arm) for each, arm in found.items())
    for stratum in "xyz":
        of_it = [each for each, where in members if where == stratum]
        for arm, share in SHARES.items():
            count = sum(found[each] == arm for each in of_it)
            whole, rest = divmod(len(of_it), 20)
            assert (
                20 * whole * share <= round(count, 6) <= 20 * whole * share + min(rest, 20 * share)
            )


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_the_order_of_the_customers_does_not_tell_their_arms(size):
    held = Counter()
    for word in range(400):
        found, counted = {}, {}
        for first in range(0, 40, size):
            part = [(each, "x") for each in range(first, min(first + size, 40))]
            found |= Draw(f"w{word}", SHARES, counted).arms(part)
            counted = Counter(("x", arm) for arm in found.values())
        held.update(each for each, arm in found.items() if arm == "holdout")
    assert sum(held.values()) == 400 * 4
    assert all(15 <= held[each] <= 70 for each in range(40))  # 40 each, with a deviation of 6


def test_a_share_that_fits_no_block_is_kept_all_the_same():
    shares = {"a": 1 - 0.0123, "holdout": 0.0123}
    arms = Counter(Draw("w", shares, {}).arms([(each, "x") for each in range(10_000)]).values())
    assert arms["holdout"] == pytest.approx(123, abs=1)


@pytest.mark.parametrize(
    ("shares", "size"),
    [([0.5, 0.5], 2), ([0.45, 0.45, 0.1], 20), ([1 / 3] * 3, 3), ([1.0], 1), ([0.97, 0.03], 100)],
)
def test_a_block_is_no_longer_than_the_shares_need(shares, size):
    assert block_size(shares) == size


def test_the_draw_is_the_same_every_time_and_another_for_another_word():
    ids = range(1, 10_001)
    spots = [position("x", each) for each in ids]
    assert spots == [position("x", each) for each in ids]
    assert sum(spots) / len(spots) == pytest.approx(0.5, abs=0.02)
    pairs = [(position("x", each) < 0.5, position("y", each) < 0.5) for each in ids]
    assert Counter(pairs)[True, True] == pytest.approx(2_500, abs=150)


def test_the_difference_to_nobody_is_none():
    assert isnan(share_difference((0, 0), (1, 2)).value)


def test_mean_and_error_from_sums():
    mean, error = mean_and_error(4, 10, 30)  # 1, 2, 3, 4
    assert (mean, error) == (2.5, pytest.approx((5 / 3 / 4) ** 0.5))


def test_whoever_looks_all_the_time_is_rarely_wrong():
    chance, wrong, rounds = random.Random(3), 0, 300
    for _ in range(rounds):
        counts, n = [0, 0], 0
        for _ in range(40):
            n += 50
            for arm in (0, 1):
                counts[arm] += sum(chance.random() < 0.3 for _ in range(50))
            between = share_sequence((counts[0], n), (counts[1], n))
            if between.low > 0 or between.high < 0:
                wrong += 1
                break
    assert wrong / rounds <= 0.05


def test_a_real_difference_is_found():
    assert share_sequence((900, 3_000), (600, 3_000)).low > 0
    assert share_sequence((9, 30), (6, 30)).low < 0
