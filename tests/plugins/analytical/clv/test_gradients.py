"""Analytic gradients against finite differences, over made-up histories and parameters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.analytical.clv import Histories
from crmkit.plugins.analytical.clv.scoring.beta_geometric import BetaGeometricObjective
from crmkit.plugins.analytical.clv.scoring.bgbb import BgBbObjective, Endings
from crmkit.plugins.analytical.clv.scoring.folding import fold
from crmkit.plugins.analytical.clv.scoring.gammagamma import GammaGammaObjective
from crmkit.plugins.analytical.clv.scoring.nbd import NbdObjective
from crmkit.plugins.analytical.clv.scoring.pareto_likelihood import ParetoObjective
from crmkit.plugins.analytical.clv.scoring.sbg import SbgObjective

STEP = 1e-5
few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 10_000)


def points(size):
    return st.tuples(*[st.floats(-2.5, 2.5)] * size).map(np.array)


def histories(seed, traits=0):
    random = np.random.default_rng(seed)
    frequency = random.choice([0, 0, 1, 2, 5, 40], 30)
    age = random.uniform(1, 50, 30)
    recency = np.where(frequency > 0, age * random.random(30), 0)
    covariates = random.normal(size=(2, 30, traits))
    return Histories.of(frequency, recency, age, random.uniform(0, 3, 30), tuple(covariates))


def assert_gradient(objective, free):
    found = objective(free)[1]
    numeric = [
        (objective(free + step)[0] - objective(free - step)[0]) / (2 * STEP)
        for step in np.eye(free.size) * STEP
    ]
    assert found == pytest.approx(numeric, rel=1e-5, abs=1e-6)


@few
@given(seeds, points(4), st.integers(1, 4), st.booleans())
def test_beta_geometric(seed, free, k, dropout_at_birth):
    assert_gradient(BetaGeometricObjective.of(histories(seed), k, dropout_at_birth), free)


@few
@given(seeds, points(4))
def test_pareto(seed, free):
    assert_gradient(ParetoObjective.of(histories(seed)), free)


@few
@given(seeds, points(8))
def test_pareto_with_covariates(seed, free):
    assert_gradient(ParetoObjective.of(histories(seed, traits=2)), free / 2)


@few
@given(seeds, points(2))
def test_nbd(seed, free):
    assert_gradient(NbdObjective.of(histories(seed)), free)


@few
@given(seeds, points(4))
def test_bgbb(seed, free):
    random = np.random.default_rng(seed)
    recency = random.integers(0, 9, 30)
    frequency = np.minimum(recency, random.integers(1, 9, 30))
    rows = Histories.of(frequency, recency, recency + random.integers(0, 5, 30))
    assert_gradient(BgBbObjective(Endings.of(rows), random.uniform(0, 3, 30)), free)


@few
@given(seeds, points(2))
def test_sbg(seed, free):
    random = np.random.default_rng(seed)
    lost = random.integers(0, 2, 20).astype(float)
    objective = SbgObjective(
        random.integers(0, 9, 20).astype(float), lost, random.uniform(0, 3, 20)
    )
    assert_gradient(objective, free)


@few
@given(seeds, points(3))
def test_gammagamma(seed, free):
    random = np.random.default_rng(seed)
    x, weights = random.integers(1, 9, 20).astype(float), random.uniform(0, 3, 20)
    counts = fold(x)
    objective = GammaGammaObjective(
        x[counts.first], counts.sums(weights), counts.group, random.gamma(3, 5, 20), weights
    )
    assert_gradient(objective, free)
