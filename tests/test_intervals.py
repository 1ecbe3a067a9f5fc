"""Intervals of shares, as their papers print them."""

import random
from math import isnan, pi, sqrt

import pytest

from crmkit.intervals import median_error, newcombe, wilson


@pytest.mark.parametrize(
    ("events", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, 857: table I, method 3 (score).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(events, n, low, high):
    assert wilson(events, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("groups", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, 873: table II, method 10.
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe(groups, low, high):
    assert newcombe(*groups) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_the_error_of_a_median_by_hand():
    # Nine values: the places are round(5 - 3) = 2, and 8; 10 of 512 tosses lie below, z = 2.0635.
    assert median_error([1, 2, 3, 4, 5, 6, 7, 8, 100]) == pytest.approx(6 / (2 * 2.0635), abs=1e-3)
    assert isnan(median_error([1.0]))


@pytest.mark.parametrize("n", [40, 400, 4_000])
def test_it_is_what_theory_says_of_a_normal_distribution(n):
    chance = random.Random(1)
    found = [median_error([chance.gauss() for _ in range(n)]) for _ in range(60)]
    assert sum(found) / 60 == pytest.approx(sqrt(pi / 2 / n), rel=0.1)


def test_it_covers_where_most_are_alike():
    chance, inside = random.Random(2), 0
    for _ in range(400):
        values = [chance.expovariate(1) for _ in range(60)]
        middle = (sorted(values)[29] + sorted(values)[30]) / 2
        inside += abs(middle - 0.6931) <= 1.96 * median_error(values)
    assert 0.92 <= inside / 400 <= 0.99
