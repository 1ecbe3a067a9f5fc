"""Which items go together: likeness of items, from who bought them."""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped, unused-ignore]

from ..errors import TooManyItemsError
from .baskets import Array, Matrix, Purchases, top_of_each_row

MOST_ITEMS: Final = 5_000
"""Above which EASE, which inverts a matrix of all items, is refused."""


@attrs.frozen(eq=False)
class ItemModel:
    """
    A linear model: what somebody has, times likeness, plus what everybody likes.

    Attributes:
        likeness: Items by items; row i says how much owning i speaks for each other item.
        popularity: Shape (items,), in [0, 1]; what is left for who owns nothing.
        together: Items by items: how many customers bought both; the diagonal, how many bought it.
        half_life_days: How fast what somebody has stops to speak; None where it does not.
    """

    name: str
    likeness: Matrix
    popularity: Array
    together: Matrix
    half_life_days: float | None = None

    def scores(self, purchases: Purchases) -> Array:
        """Customers by items, dense; who owns nothing gets the popularity."""
        weights = None if self.half_life_days is None else purchases.recent(self.half_life_days)
        owned = purchases.matrix(weights)
        found: Array = np.asarray((owned @ self.likeness).todense())
        strangers = np.asarray(owned.sum(axis=1)).ravel() == 0
        found[strangers] = self.popularity
        return found


def popular(purchases: Purchases, half_life_days: float | None = None) -> ItemModel:
    """The same for everybody: the share of customers who bought an item, recent ones more."""
    together = _together(purchases)
    weights = np.ones(len(purchases.items))
    if half_life_days is not None:
        weights = purchases.recent(half_life_days)
    liked = np.bincount(purchases.items, weights, purchases.shape[1])
    size = (purchases.shape[1], purchases.shape[1])
    return ItemModel("popular", sp.csr_matrix(size), _share(liked), together)


def cosine(purchases: Purchases, k: int) -> ItemModel:
    """
    Customers who bought both, by the root of the product of those who bought each; the *k* most
    alike of each item.

    Source: Sarwar et al. 2001, "Item-based Collaborative Filtering Recommendation Algorithms".
    """
    together = _together(purchases)
    size = np.sqrt(together.diagonal())
    by = np.divide(1.0, size, out=np.zeros(len(size)), where=size > 0)
    alike = sp.diags(by) @ _off_diagonal(together) @ sp.diags(by)
    return ItemModel("cosine", top_of_each_row(alike, k), _share(together.diagonal()), together)


def sar(purchases: Purchases, k: int, half_life_days: float) -> ItemModel:
    """
    Jaccard likeness of items, and what somebody has counted by how recent it is.

    Source: Microsoft Recommenders, "Smart Adaptive Recommendations": affinity halves with each half
    life before the latest time; likeness is co-occurrence by union.
    """
    together = _together(purchases)
    own = together.diagonal()
    both = _off_diagonal(together).tocoo()
    union = own[both.row] + own[both.col] - both.data
    alike = sp.csr_matrix((both.data / union, (both.row, both.col)), shape=both.shape)
    near = top_of_each_row(alike, k)
    return ItemModel("sar", near, _share(own), together, half_life_days)


def ease(purchases: Purchases, regularisation: float) -> ItemModel:
    """
    The linear model of items on items, without a diagonal, that reproduces the matrix best.

    Raises:
        TooManyItemsError: If there are more than 5,000 items.

    Source: Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", equations 8 and 9.
    """
    if purchases.shape[1] > MOST_ITEMS:
        raise TooManyItemsError(purchases.shape[1], MOST_ITEMS)
    together = _together(purchases)
    gram = together.toarray()
    gram[np.diag_indices_from(gram)] += regularisation
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    weights[np.diag_indices_from(weights)] = 0.0
    return ItemModel("ease", sp.csr_matrix(weights), _share(together.diagonal()), together)


def _together(purchases: Purchases) -> Matrix:
    bought = purchases.matrix()
    return sp.csr_matrix(bought.T @ bought)


def _off_diagonal(matrix: Matrix) -> Matrix:
    cleared = sp.csr_matrix(matrix - sp.diags(matrix.diagonal()))
    cleared.eliminate_zeros()
    return cleared


def _share(liked: Array) -> Array:
    most = liked.max(initial=0.0)
    return liked / most if most else liked
