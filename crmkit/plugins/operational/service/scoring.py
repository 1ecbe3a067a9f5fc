"""How content a customer is with our service. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from crmkit import Columns, Scored

SCALES: Final = {"csat": (1, 5), "ces": (1, 7)}
WEIGHT: Final = 2.0
"""Answers that what all customers say on average counts as, so that one answer is not all."""


def fit(columns: Columns) -> dict[str, object]:
    """``mean``: what all answers come to, 0 to 1."""
    summed = sum(float(_answered(columns, each).sum()) for each in SCALES)
    count = sum(float(columns[f"{each}_count"].sum()) for each in SCALES)
    return {"mean": summed / count if count else 0.5}


def score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    """
    Between 0 and 1: the mean of a customer's answers, each brought to 0 to 1, drawn towards what
    all say; reasons are what each measure adds to that.

    Source: the posterior mean of a beta-binomial with a prior of WEIGHT answers; A. Gelman et al.
    2013, Bayesian Data Analysis, section 2.4.
    """
    mean = float(str(parameters["mean"]))
    counts = sum(columns[f"{each}_count"].astype(float) for each in SCALES)
    reasons = {
        each: (_answered(columns, each) - mean * columns[f"{each}_count"]) / (WEIGHT + counts)
        for each in SCALES
    }
    value = mean + sum(reasons.values())
    half = 1.959963984540054 * np.sqrt(value * (1 - value) / (WEIGHT + counts + 1))
    low, high = np.clip(value - half, 0, 1), np.clip(value + half, 0, 1)
    return Scored(value=value, low=low, high=high, base=mean, reasons=reasons)


def _answered(columns: Columns, measure: str) -> np.ndarray:
    """The sum of a measure's answers, each between 0 and 1."""
    least, most = SCALES[measure]
    count = columns[f"{measure}_count"].astype(float)
    return np.asarray((columns[f"{measure}_sum"] - least * count) / (most - least))
