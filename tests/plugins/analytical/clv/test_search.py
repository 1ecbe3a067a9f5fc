"""The minimiser against problems with known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.analytical.clv.scoring.search import minimise

WIDE = (np.full(2, -50.0), np.full(2, 50.0))
NINE = (np.full(1, -9.0), np.full(1, 9.0))


def rosenbrock(point):
    x, y = point
    value = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return value, np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def test_a_curved_valley_is_followed_to_its_end():
    found = minimise(rosenbrock, np.array([-1.2, 1.0]), WIDE)
    assert found.converged
    assert found.point == pytest.approx([1, 1], abs=1e-6)
    assert not found.at_bound.any()


def test_a_bound_is_kept_and_the_rest_still_minimised():
    found = minimise(rosenbrock, np.array([-1.2, 1.0]), (WIDE[0], np.array([0.5, 50.0])))
    assert found.converged
    assert found.point == pytest.approx([0.5, 0.25], abs=1e-6)
    assert found.at_bound.tolist() == [True, False]


def test_a_fall_without_end_stops_at_the_bound():
    found = minimise(lambda x: (float(np.exp(-x[0])), -np.exp(-x)), np.zeros(1), NINE)
    assert found.converged
    assert found.value == pytest.approx(0, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_bowl_in_a_box_has_its_gradient_against_the_walls(seed):
    random = np.random.default_rng(seed)
    factor, centre = random.normal(size=(4, 4)), 2 * random.normal(size=4)
    shape = factor @ factor.T + 0.1 * np.eye(4)
    box = (np.full(4, -1.0), np.full(4, 1.0))
    found = minimise(
        lambda x: (float((x - centre) @ shape @ (x - centre)) / 2, shape @ (x - centre)),
        np.zeros(4),
        box,
    )
    inside = np.abs(found.point) < 1 - 1e-9
    assert np.abs(found.gradient[inside]).max(initial=0) < 1e-4
    assert (found.gradient[~inside] * found.point[~inside] <= 1e-9).all()
