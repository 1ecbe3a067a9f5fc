"""MBG/NBD: as BG/NBD, but a customer may drop out right after the first purchase."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ..model import BgNbd
from .beta_geometric import fit_beta_geometric
from .histories import Histories


def fit_mbgnbd(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> BgNbd:
    """
    The most likely MBG/NBD.

    Args: as of `Histories.of`.

    Raises:
        InvalidHistoryError: If an argument is out of range, or nobody ever came back.

    Source: Batislam, Denizel & Filiztekin 2007, "Empirical Validation and Comparison of Models
    for Customer Base Analysis".
    """
    return fit_beta_geometric(Histories.of(frequency, recency, age, weights), 1, True)
