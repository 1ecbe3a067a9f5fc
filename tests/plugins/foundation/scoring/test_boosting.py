"""Boosted trees: as scikit-learn asks them, with what each column adds."""

import json
import sys

import numpy as np
import pytest

from crmkit import MissingExtraError
from crmkit.plugins.foundation import scoring
from crmkit.plugins.foundation.scoring.learning.boosting import LEAVES, RATE, ROUNDS, SEED

sklearn = pytest.importorskip("sklearn.ensemble", reason="pip install 'crmkit[ml]'")


@pytest.fixture(scope="module")
def rows():
    chance = np.random.default_rng(5)
    matrix = chance.normal(size=(1_500, 4)).round(2)
    bend = matrix[:, 0] + 2 * (np.abs(matrix[:, 1]) > 1) + matrix[:, 2] * matrix[:, 3]
    return matrix, (bend + chance.normal(size=1_500) > 0.5).astype(float)


@pytest.fixture(scope="module")
def model(rows):
    return scoring.fit_boosted(*rows, ["a", "b", "c", "d"])


def test_it_is_what_scikit_learn_says(rows, model):
    matrix, happened = rows
    theirs = sklearn.HistGradientBoostingClassifier(
        max_iter=ROUNDS, max_leaf_nodes=LEAVES, learning_rate=RATE, min_samples_leaf=20,
        early_stopping=False, random_state=SEED,
    ).fit(matrix, happened)  # fmt: skip
    assert len(model.trees) == ROUNDS
    np.testing.assert_allclose(model.linear(matrix), theirs.decision_function(matrix), atol=1e-9)
    new = np.random.default_rng(6).normal(size=(500, 4))
    np.testing.assert_allclose(model.linear(new), theirs.decision_function(new), atol=1e-9)


def test_what_columns_add_adds_up_and_is_nothing_on_average(rows, model):
    matrix, _ = rows
    parts = model.contributions(matrix)
    np.testing.assert_allclose(model.middle + parts.sum(axis=1), model.linear(matrix))
    assert parts.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-9)
    assert parts[:, 1].std() > 0.5


def test_a_bend_is_seen_where_a_line_sees_none(rows, model):
    matrix, happened = rows
    line = scoring.fit_logistic(matrix, happened, list("abcd"), ridge=1.0)
    wide = np.abs(matrix[:, 1]) > 1
    by_line, by_trees = (expit(each.linear(matrix))[wide].mean() for each in (line, model))
    truth = happened[wide].mean()
    assert abs(by_trees - truth) < 0.02 < abs(by_line - truth)


def expit(linear):
    return 1 / (1 + np.exp(-linear))


def test_it_survives_being_written_as_json(rows, model):
    matrix, _ = rows
    again = scoring.Boosted.of(json.loads(json.dumps(model.written())))
    np.testing.assert_array_equal(again.linear(matrix), model.linear(matrix))


def test_without_the_extra_it_says_which(rows, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(MissingExtraError, match=r"crmkit\[ml\]"):
        scoring.fit_boosted(*rows, ["a", "b", "c", "d"])
