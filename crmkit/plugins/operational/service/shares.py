"""Shares of few people, as records."""

from __future__ import annotations

from math import nan

from crmkit.intervals import newcombe, wilson

from .model import Share


def share(count: int, of: int) -> Share:
    """With Wilson's score interval; nan without anybody."""
    low, high = wilson(count, of) if of else (nan, nan)
    return Share(count=count, of=of, value=count / of if of else nan, low=low, high=high)


def difference(one: Share, other: Share) -> tuple[float, float, float]:
    """Of two shares, with Newcombe's interval; nan where one of them is of nobody."""
    if not one.of or not other.of:
        return nan, nan, nan
    return one.value - other.value, *newcombe(one.count, one.of, other.count, other.of)
