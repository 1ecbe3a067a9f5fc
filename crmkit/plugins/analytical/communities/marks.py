"""What sets the members of a community apart. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from .model import Mark

Array = np.ndarray[Any, Any]
SIGNIFICANT: Final = 2.576
"""z from which on an item is a mark: one in two hundred by chance."""
FEWEST: Final = 3
"""Members who must have it."""
MOST: Final = 20


def log_odds(inside: Array, outside: Array) -> Array:
    """
    How much likelier each item is inside: log-odds ratio over its standard error.

    With an informative Dirichlet prior of one observation an item on average, spread as the items
    are over all: Monroe, Colaresi & Quinn, "Fightin' Words", Political Analysis 16 (2008), eqs
    15-22. It shrinks rare items, whose plain lift is large by accident.

    Args:
        inside, outside: How many members, and how many others, have each item; shape (items,).

    Returns:
        z, shape (items,); 0 for an item nobody has.
    """
    both = inside + outside
    prior = len(both) * both / max(both.sum(), 1)
    whole = prior.sum()
    y, x = inside + prior, outside + prior
    not_y, not_x = inside.sum() + whole - y, outside.sum() + whole - x
    seen = (both > 0) & (not_y > 0) & (not_x > 0)
    y, x = np.where(seen, y, 1.0), np.where(seen, x, 1.0)
    not_y, not_x = np.where(seen, not_y, 1.0), np.where(seen, not_x, 1.0)
    ratio = np.log(y / not_y) - np.log(x / not_x)
    return np.where(seen, ratio / np.sqrt(1 / y + 1 / x), 0.0)


def marks_of(sets: Any, is_member: Array, keys: Sequence[str], names: Sequence[str]) -> list[Mark]:
    """
    The significant items of the members, most distinctive first; ties by key.

    Args:
        sets: 0/1, sparse, shape (n, items).
        is_member: Shape (n,).
    """
    count, members = len(is_member), int(is_member.sum())
    inside = np.bincount(sets[is_member].indices, minlength=len(keys))
    outside = np.bincount(sets.indices, minlength=len(keys)) - inside
    z = log_odds(inside, outside)
    found = [
        Mark(
            key=keys[item],
            name=names[item],
            members=int(inside[item]),
            others=int(outside[item]),
            lift=float(inside[item] / members / ((inside[item] + outside[item]) / count)),
            z=float(z[item]),
        )
        for item in np.flatnonzero((z >= SIGNIFICANT) & (inside >= FEWEST)).tolist()
    ]
    return sorted(found, key=lambda mark: (-round(mark.z, 9), mark.key))[:MOST]
