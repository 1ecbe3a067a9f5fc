"""BG/CNBD-k and MBG/CNBD-k: purchases more regular than random, with Erlang-k gaps."""

from __future__ import annotations

from math import lgamma

import attrs
import numpy as np
from numpy.typing import ArrayLike

from ..errors import InvalidHistoryError
from ..model import BgNbd
from .beta_geometric import fit_beta_geometric
from .histories import Histories, check_shape, numbers, refuse
from .special import Array


@attrs.frozen(kw_only=True)
class Regularity:
    """
    Which k to try; the most likely wins.

    `log_gaps` holds, per customer, the sum of the logarithms of the times between successive
    purchases, shape (n,), 0 where frequency is 0: without it no two k can be compared.
    """

    k: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    log_gaps: ArrayLike | None = None


def fit_bgcnbdk(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    regularity: Regularity,
    *,
    weights: ArrayLike | None = None,
) -> BgNbd:
    """
    The most likely BG/CNBD-k among the k of *regularity*.

    Returns: a model whose likelihood includes the gaps when they are given, and is then
    comparable with that of k = 1; otherwise it leaves their factor out.

    Raises:
        InvalidHistoryError: If an argument is out of range, nobody ever came back, or several
            k are to be compared without the gaps.

    Source: Platzer & Reutterer 2016, "Ticking Away the Moments".
    """
    return _best(Histories.of(frequency, recency, age, weights), regularity, False)


def fit_mbgcnbdk(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    regularity: Regularity,
    *,
    weights: ArrayLike | None = None,
) -> BgNbd:
    """As `fit_bgcnbdk`, but a customer may drop out right after the first purchase."""
    return _best(Histories.of(frequency, recency, age, weights), regularity, True)


def _best(histories: Histories, regularity: Regularity, dropout_at_birth: bool) -> BgNbd:
    candidates = np.asarray(regularity.k, dtype=np.float64)
    refuse("k", candidates, ~np.isin(candidates, np.arange(1, 21)), "integers in 1..20")
    if regularity.log_gaps is None and candidates.size != 1:
        raise InvalidHistoryError("log_gaps", "missing", "the gaps, or exactly one k to fit")
    log_gaps = _checked_gaps(regularity.log_gaps, histories)
    fits = []
    for k in regularity.k:
        model = fit_beta_geometric(histories, k, dropout_at_birth)
        if log_gaps is not None:
            model = _with_gaps(model, histories, log_gaps)
        fits.append(model)
    return max(fits, key=lambda model: model.log_likelihood)


def _checked_gaps(log_gaps: ArrayLike | None, histories: Histories) -> Array | None:
    if log_gaps is None:
        return None
    checked = numbers(log_gaps)
    check_shape("log_gaps", checked, histories.frequency.shape)
    refuse("log_gaps", checked, ~np.isfinite(checked), "finite numbers")
    never = histories.frequency == 0
    refuse("log_gaps", checked, never & (checked != 0), "0 where frequency is 0")
    return checked


def _with_gaps(model: BgNbd, histories: Histories, log_gaps: Array) -> BgNbd:
    factor = (model.k - 1) * log_gaps - lgamma(model.k) * histories.frequency
    gained = float(histories.weights @ factor)
    return attrs.evolve(model, log_likelihood=model.log_likelihood + gained)
