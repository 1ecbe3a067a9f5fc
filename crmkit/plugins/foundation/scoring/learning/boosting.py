"""
Gradient boosted trees: learned by scikit-learn, kept and asked as plain arrays.

What each column adds to the log-odds is exact for the trees as they are: along the way of a
customer through a tree every split moves the mean of those who came as far, and that move is the
column's (Saabas 2014; the tree's own expectations, not Shapley's).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import attrs
import numpy as np

from crmkit import MissingExtraError

from .logistic import Array

ROUNDS: Final = 100
LEAVES: Final = 8
RATE: Final = 0.1
FEWEST: Final = 20
"""Customers in a leaf."""
SEED: Final = 42


@attrs.frozen(eq=False)
class Tree:
    """
    One tree, node by node, the root first; *feature* is -1 in a leaf.

    Attributes:
        threshold: Who has at most that goes *left*, others *right*.
        mean: What those in the node are moved by, on average; in a leaf, all of them.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    mean: Array

    def contributions(self, matrix: Array) -> Array:
        """What each column of *matrix*, shape (n, p), adds to the root's mean; shape (n, p)."""
        found = np.zeros(matrix.shape)
        node = np.zeros(len(matrix), np.int64)
        rows = np.flatnonzero(self.feature[node] >= 0)
        while len(rows):
            at = node[rows]
            column = self.feature[at]
            goes_left = matrix[rows, column] <= self.threshold[at]
            following = np.where(goes_left, self.left[at], self.right[at])
            found[rows, column] += self.mean[following] - self.mean[at]
            node[rows] = following
            rows = rows[self.feature[following] >= 0]
        return found


@attrs.frozen(eq=False)
class Boosted:
    """
    Trees whose sum is the log-odds.

    Attributes:
        baseline: Before any tree.
    """

    baseline: float
    trees: tuple[Tree, ...]

    @property
    def middle(self) -> float:
        """The log-odds of nobody in particular: the mean of those it was learned from."""
        return self.baseline + sum(float(each.mean[0]) for each in self.trees)

    def contributions(self, matrix: Array) -> Array:
        """What each column adds to *middle*, shape (n, p); the log-odds are their sum with it."""
        return sum((each.contributions(matrix) for each in self.trees), np.zeros(matrix.shape))

    def linear(self, matrix: Array) -> Array:
        """The log-odds, shape (n,)."""
        found: Array = self.middle + self.contributions(matrix).sum(axis=1)
        return found

    def written(self) -> dict[str, object]:
        """JSON-ready."""
        trees = [{name: each.tolist() for name, each in _arrays(tree)} for tree in self.trees]
        return {"baseline": self.baseline, "trees": trees}

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """From what :meth:`written` gave."""
        whole = ("feature", "left", "right")
        trees = [
            Tree(**{k: np.array(v, np.int64 if k in whole else float) for k, v in each.items()})
            for each in written["trees"]
        ]
        return cls(float(written["baseline"]), tuple(trees))


def _arrays(tree: Tree) -> list[tuple[str, Array]]:
    return [(each.name, getattr(tree, each.name)) for each in attrs.fields(Tree)]


def fit_boosted(matrix: Array, happened: Array, columns: Sequence[str]) -> Boosted:
    """
    Learn from rows of *columns* what *happened*, 0 or 1; the same rows give the same trees.

    Raises:
        MissingExtraError: Without scikit-learn.

    Source: Friedman 2001, "Greedy function approximation: a gradient boosting machine", as
    scikit-learn's HistGradientBoostingClassifier has it, with its learning rate of 0.1, trees of
    eight leaves, and no early stopping.
    """
    try:
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
        )
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Boosted trees", "ml") from exc
    assert matrix.shape[1] == len(columns)
    learner = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        max_leaf_nodes=LEAVES,
        learning_rate=RATE,
        min_samples_leaf=min(FEWEST, max(1, len(matrix) // 10)),
        early_stopping=False,
        random_state=SEED,
    ).fit(matrix, happened)
    baseline = float(np.ravel(learner._baseline_prediction)[0])  # noqa: SLF001  no public door
    trees = (_tree(each[0].nodes) for each in learner._predictors)  # noqa: SLF001
    return Boosted(baseline, tuple(trees))


def _tree(nodes: Any) -> Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    feature = np.where(is_leaf, -1, nodes["feature_idx"].astype(np.int64))
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    mean, count = nodes["value"].astype(float).copy(), nodes["count"].astype(float)
    for at in range(len(nodes) - 1, -1, -1):  # children come after their parents
        if not is_leaf[at]:
            both = np.array([left[at], right[at]])
            mean[at] = float(mean[both] @ count[both] / count[both].sum())
    return Tree(feature, nodes["num_threshold"].astype(float), left, right, mean)
