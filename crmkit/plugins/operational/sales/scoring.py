"""What open deals come to, simulated. Pure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

DRAWS: Final = 4_000
BELIEF: Final = 20.0
"""Deals as which a chance counts: it is known no better than from so many, for all alike."""


def simulated(
    values: Any, chances: Any, groups: Any, *, seed: int = 0, draws: int = DRAWS
) -> tuple[int, int]:
    """
    The bounds between which nine of ten outcomes lie, in the unit of *values*.

    In each draw a chance is itself drawn from a beta distribution around what is believed, once
    for all deals of a group, since deals of a stage are misjudged together; then each deal is won
    or not. A chance of 0 or 1 is certain.

    Args:
        values: What each deal comes to, shape (n,).
        chances: Between 0 and 1, shape (n,).
        groups: A number for the stage of each deal, shape (n,).
    """
    worth, believed, group = np.asarray(values, float), np.asarray(chances, float), groups
    generator = np.random.default_rng(seed)
    names, place = np.unique(np.asarray(group), return_inverse=True)
    total = np.zeros(draws)
    means = np.array([believed[place == each].mean() for each in range(len(names))])
    certain = (means <= 0) | (means >= 1)
    middle = np.clip(means, 1e-9, 1 - 1e-9)
    shape = (middle * BELIEF, (1 - middle) * BELIEF)
    drawn = generator.beta(*shape, size=(draws, len(names)))
    shift = np.where(certain, 0.0, drawn - means)
    for first in range(0, len(worth), 10_000):
        part = slice(first, first + 10_000)
        asked = np.clip(believed[part] + shift[:, place[part]], 0, 1)
        asked = np.where((believed[part] <= 0) | (believed[part] >= 1), believed[part], asked)
        wins = generator.random(asked.shape) < asked
        total += wins @ worth[part]
    low, high = np.quantile(total, [0.05, 0.95])
    return round(float(low)), round(float(high))
