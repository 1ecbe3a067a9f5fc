"""Settings: ``[valuation]`` in ``crmkit.toml``: what attention costs, and what could be changed."""

from __future__ import annotations

from typing import Any, Final

import attrs

from crmkit import InvalidValueError

CUTS: Final = ("messages", "discounts", "minutes", "service")


def _between(least: float, most: float, accepted: str) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: float) -> None:
        if not least <= value <= most:
            raise InvalidValueError(field.name, value, accepted)

    return check


def _cuts(_: object, field: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    if sorted(value) != sorted(CUTS):
        raise InvalidValueError(field.name, value, f"each of {', '.join(CUTS)}, once")


@attrs.frozen(kw_only=True)
class Lever:
    """
    Something more we could do for a customer who gets too little.

    Attributes:
        cost_minor: Of doing it once, in minor units of the book's currency.
    """

    name: str
    cost_minor: int = attrs.field(validator=_between(1, 1e12, "minor units, 1 or more"))


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        window_days: How far back attention counts.
        minute_minor: What a minute of our people costs where activities do not price it already.
        message_minor: What a message costs, likewise.
        potential_share: How much of the way from what a customer will be worth to what their peers
            show they could be is worth paying attention to.
        potential_quantile: Which of the peers, ordered by their worth, shows what could be.
        levers: What could be done for who gets too little.
        cuts: What to take from first for who gets too much.
    """

    window_days: int = attrs.field(default=365, validator=_between(1, 36_500, "days from 1"))
    minute_minor: int = attrs.field(default=50, validator=_between(0, 1e9, "minor units from 0"))
    message_minor: int = attrs.field(default=1, validator=_between(0, 1e9, "minor units from 0"))
    potential_share: float = attrs.field(default=0.3, validator=_between(0, 1, "a share"))
    potential_quantile: float = attrs.field(
        default=0.8, validator=_between(0.5, 0.99, "a share from 0.5 to 0.99")
    )
    levers: tuple[Lever, ...] = (
        Lever(name="a personal message", cost_minor=50),
        Lever(name="a call", cost_minor=500),
        Lever(name="a visit", cost_minor=3_000),
    )
    cuts: tuple[str, ...] = attrs.field(default=CUTS, validator=_cuts)
