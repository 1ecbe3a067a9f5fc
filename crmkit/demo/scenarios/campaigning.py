"""The campaigns of the web shop."""

from __future__ import annotations

from crmkit import RecordNotFoundError, Unit
from crmkit.plugins.operational import marketing


def campaign(name: str, goal: str, variants: tuple[marketing.Variant, ...]) -> marketing.Campaign:
    return marketing.Campaign(
        name=name,
        purpose="news",
        channel="email",
        segment="buyers",
        goal=goal,
        window_days=14,
        variants=variants,
    )


def is_there(unit: Unit, name: str) -> bool:
    try:
        marketing.campaign(unit, name)
    except RecordNotFoundError:
        return False
    return True
