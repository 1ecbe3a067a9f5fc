"""Settings: ``[rfm]`` in ``crmkit.toml``: where one level ends and the next begins."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import attrs

from crmkit import InvalidValueError

RULES: Final = ("quantile", "equal_width", "own")


def _rule(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value not in RULES:
        raise InvalidValueError(field.name, value, "one of " + ", ".join(RULES))


def _levels(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if not 2 <= value <= 9:
        raise InvalidValueError(field.name, value, "2 to 9 levels")


def _rising(_: object, field: attrs.Attribute[Any], value: tuple[float, ...]) -> None:
    if any(a >= b for a, b in pairwise(value)):
        raise InvalidValueError(field.name, value, "cut points that rise")


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        rule: ``quantile`` gives every level about as many customers; ``equal_width`` divides the
            range from least to most into equal steps; ``own`` takes the cut points below.
        levels: How many levels each of R, F and M has; the named segments are those of a grid of
            five, to which other grids are stretched.
        recency_days, frequency, monetary_minor: With ``own``, the cut points, one less than there
            are levels: a value equal to one belongs to the level below it.
    """

    rule: str = attrs.field(default="quantile", validator=_rule)
    levels: int = attrs.field(default=5, validator=_levels)
    recency_days: tuple[float, ...] = attrs.field(default=(), validator=_rising)
    frequency: tuple[float, ...] = attrs.field(default=(), validator=_rising)
    monetary_minor: tuple[float, ...] = attrs.field(default=(), validator=_rising)

    def __attrs_post_init__(self) -> None:
        for name in ("recency_days", "frequency", "monetary_minor"):
            given = getattr(self, name)
            wanted = self.levels - 1 if self.rule == "own" else 0
            if len(given) != wanted:
                told = f"{wanted} cut points for {self.levels} levels by the rule {self.rule}"
                raise InvalidValueError(name, given, told)
