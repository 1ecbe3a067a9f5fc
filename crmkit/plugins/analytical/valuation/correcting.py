"""The cheapest change that would set attention right."""

from __future__ import annotations

from collections.abc import Mapping

from .config import Settings
from .model import OVER, UNDER, Correction

_WORDS = {
    "messages": "write less",
    "discounts": "stop discounts",
    "minutes": "take less of our people's time",
    "service": "serve through a cheaper channel",
}


def correction(
    settings: Settings, label: str, gap_minor: float, given: Mapping[str, float]
) -> Correction | None:
    """
    Args:
        gap_minor: Fair less given.
        given: What was given, by what it consists of, positive, in minor units.
    """
    if label == OVER:
        return _cut(settings, -gap_minor, given)
    return _lever(settings, gap_minor) if label == UNDER else None


def _cut(settings: Settings, too_much: float, given: Mapping[str, float]) -> Correction:
    """The first thing in ``cuts`` that alone is enough; else the largest."""
    enough = [name for name in settings.cuts if given[name] >= too_much]
    name = enough[0] if enough else max(settings.cuts, key=lambda each: given[each])
    return Correction(what=_WORDS[name], amount_minor=-round(min(given[name], too_much)))


def _lever(settings: Settings, too_little: float) -> Correction | None:
    """The dearest lever that is not more than what is missing, as often as that buys it."""
    within = [each for each in settings.levers if each.cost_minor <= too_little]
    if not within:
        return None
    lever = max(within, key=lambda each: each.cost_minor)
    times = int(too_little // lever.cost_minor)
    return Correction(what=lever.name, amount_minor=times * lever.cost_minor, times=times)
