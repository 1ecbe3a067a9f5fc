"""How well a value foretold what came, as pure functions of arrays."""

from __future__ import annotations

from math import nan
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .model import Decile

Array: TypeAlias = NDArray[Any]
TENTHS: Final = 10
CERTAIN: Final = 1e-15


def ranks(values: ArrayLike) -> Array:
    """Rank of each value from 1, ties sharing their mean rank, shape (n,)."""
    given = np.asarray(values, np.float64)
    _, place, counts = np.unique(given, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Array = (last - (counts - 1) / 2)[place]
    return shared


def rank_correlation(value: ArrayLike, outcome: ArrayLike) -> float:
    """Spearman's rho with mean ranks for ties, in [-1, 1]; nan where either is constant."""
    a, b = ranks(value), ranks(outcome)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else nan


def area_under_curve(value: ArrayLike, happened: ArrayLike) -> float:
    """
    Chance that one to whom it happened was valued higher than one to whom it did not.

    Ties count half; nan where it happened to all or to nobody.

    Source: Hanley & McNeil 1982, "The Meaning and Use of the Area under a Receiver Operating
    Characteristic (ROC) Curve", Radiology 143.
    """
    yes = np.asarray(happened, bool)
    n, m = int(yes.sum()), int((~yes).sum())
    if not n or not m:
        return nan
    return float(ranks(value)[yes].sum() - n * (n + 1) / 2) / (n * m)


def top_share(value: ArrayLike, outcome: ArrayLike, share: float = 0.1) -> float:
    """
    Share of all outcome that the highest valued *share* of customers brought; nan where none came.

    Of customers valued alike at the border each counts with the part of the group that is in.
    """
    given, came = np.asarray(value, np.float64), np.asarray(outcome, np.float64)
    total = float(came.sum())
    if not total:
        return nan
    room = max(1.0, share * len(given))
    _, place, counts = np.unique(-given, return_inverse=True, return_counts=True)
    above = np.concatenate(([0.0], np.cumsum(counts)[:-1]))
    weight = np.clip((room - above) / counts, 0.0, 1.0)
    return float(came @ weight[place]) / total


def absolute_error(value: ArrayLike, outcome: ArrayLike) -> float:
    """Mean of |value - outcome|."""
    return float(np.abs(np.asarray(value) - np.asarray(outcome)).mean())


def squared_error(value: ArrayLike, outcome: ArrayLike) -> float:
    """Mean of (value - outcome) squared; of chances against 0 and 1 it is the Brier score."""
    return float(((np.asarray(value) - np.asarray(outcome)) ** 2).mean())


def log_loss(chance: ArrayLike, happened: ArrayLike) -> float:
    """Mean of -log of the chance given to what happened; natural logarithm."""
    given = np.clip(np.asarray(chance, np.float64), CERTAIN, 1 - CERTAIN)
    yes = np.asarray(happened, bool)
    return float(-np.where(yes, np.log(given), np.log1p(-given)).mean())


def calibration_error(chance: ArrayLike, happened: ArrayLike) -> float:
    """
    Mean distance of the chance foretold to the share that came, over ten groups of equal size.

    Source: Naeini, Cooper & Hauskrecht 2015, "Obtaining Well Calibrated Probabilities Using
    Bayesian Binning", with bins of equal frequency.
    """
    rows = deciles(chance, np.asarray(happened, np.float64))
    n = sum(each.customers for each in rows)
    return sum(each.customers * abs(each.foretold - each.came) for each in rows) / n


def deciles(value: ArrayLike, outcome: ArrayLike) -> tuple[Decile, ...]:
    """Ten groups of about equal size, the highest valued first; fewer where customers are few."""
    given, came = np.asarray(value, np.float64), np.asarray(outcome, np.float64)
    order = np.argsort(-given, kind="stable")
    total, everybody = float(came.sum()), float(came.mean())
    found = []
    for number, part in enumerate(np.array_split(order, min(TENTHS, len(given))), 1):
        mean = float(came[part].mean())
        found.append(
            Decile(
                decile=number,
                customers=len(part),
                foretold=float(given[part].mean()),
                came=mean,
                share=float(came[part].sum()) / total if total else nan,
                lift=mean / everybody if everybody else nan,
            )
        )
    return tuple(found)
