"""Settings: ``[communities]`` in ``crmkit.toml``."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import attrs

from crmkit import InvalidValueError


def _within(low: float, high: float, told: str) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    def check(_: object, field: attrs.Attribute[Any], value: float) -> None:
        if not low <= value <= high or value == inf:
            raise InvalidValueError(field.name, value, told)

    return check


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        k: With how many of the most alike a customer is tied.
        resolution: Above 1 for more and smaller communities, below for fewer and larger.
        overlap: From this share of their most alike on, a customer belongs to a community.
        min_size: A community needs so many customers.
        min_customers: Without so many customers there is no run.
        min_products: A customer who bought fewer different products takes no part.
        days: How far back purchases count.
        max_items: Only so many of the most bought products are looked at.
        habit_share: How much of the likeness is habits, not products; 0 for none. Habits are few
            and widely shared: from 0.1 on, they decide.
        largest_fit: Where more customers take part, communities are found among so many of them,
            and the others are placed.
        rerun_days: The cycle finds communities anew when the last run is that old; until then it
            places who is new or changed.
    """

    k: int = attrs.field(default=15, validator=_within(1, 1_000, "a number from 1 to 1000"))
    resolution: float = attrs.field(default=1.0, validator=_within(0.01, 100, "0.01 to 100"))
    overlap: float = attrs.field(default=0.3, validator=_within(0.01, 1, "a share, 0.01 to 1"))
    min_size: int = attrs.field(default=20, validator=_within(2, inf, "a number from 2 on"))
    min_customers: int = attrs.field(default=100, validator=_within(4, inf, "a number from 4 on"))
    min_products: int = attrs.field(default=2, validator=_within(1, inf, "a number from 1 on"))
    days: int = attrs.field(default=730, validator=_within(1, 36_500, "1 to 36500 days"))
    max_items: int = attrs.field(default=5_000, validator=_within(2, 100_000, "2 to 100000"))
    habit_share: float = attrs.field(default=0.03, validator=_within(0, 0.9, "a share, 0 to 0.9"))
    largest_fit: int = attrs.field(default=10_000, validator=_within(4, 200_000, "4 to 200000"))
    rerun_days: int = attrs.field(default=30, validator=_within(1, 36_500, "1 to 36500 days"))
