"""Books in which some customers get far too much, and some far too little, on purpose."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def planted():
    """
    ``planted(seed)`` makes the feature columns of 1,000 customers, and who was planted how.

    Ordinary customers get attention in proportion to what they will be worth, give or take a
    third. A tenth have little worth and get what good customers get; a tenth buy dear things but
    seldom so far, and get next to nothing.
    """
    return book


def book(seed, n=1_000):
    chance = np.random.default_rng(seed)
    order = np.exp(chance.normal(8, 0.7, n))
    often = chance.gamma(2, 1.5, n)
    over, under = np.zeros(n, bool), np.zeros(n, bool)
    places = chance.permutation(n)
    over[places[: n // 10]], under[places[n // 10 : n // 5]] = True, True
    order[under] = np.exp(chance.normal(9, 0.3, n // 10))
    often[under] = chance.gamma(2, 0.25, n // 10)
    often[over] = chance.gamma(2, 0.4, n // 10)
    expected = order * often
    given = 0.1 * expected * np.exp(chance.normal(0, 0.33, n))
    given[over] = 0.1 * np.quantile(expected, 0.8) * np.exp(chance.normal(0, 0.33, n // 10))
    given[under] *= 0.2
    parts = chance.dirichlet((4, 1, 2, 1), n).T * given
    columns = {
        "customer_id": np.arange(1, n + 1),
        "expected_minor": expected,
        "low_minor": expected * 0.85,
        "high_minor": expected * 1.15,
        "service_minor": np.rint(parts[0]).astype(np.int64),
        "discount_minor": np.rint(parts[1]).astype(np.int64),
        "minutes": parts[2] / 50,
        "messages": np.rint(parts[3]).astype(np.int64),
        "order_minor": np.rint(order).astype(np.int64),
        "known_days": chance.integers(30, 900, n),
        "currency": np.full(n, "EUR", object),
        "other_currency": np.full(n, None, object),
    }
    revenue = expected * np.exp(chance.normal(0, 0.3, n))
    return columns, over, under, revenue
