"""Intervals of shares, as their papers print them."""

import pytest

from crmkit.intervals import newcombe, wilson


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
    # Newcombe 1998, Statistics in Medicine 17, 873: table II, method 10, rows (a), (f), (h).
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe(groups, low, high):
    assert newcombe(*groups) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
