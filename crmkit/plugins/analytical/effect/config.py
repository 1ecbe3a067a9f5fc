"""Settings of the plugin."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit import InvalidValueError


def _margin(_: object, field: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None and not 0 < value <= 1:
        raise InvalidValueError(field.name, value, "a share such as 0.3 for 30 %")


def _whole(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if value < 0:
        raise InvalidValueError(field.name, value, "minor units such as 5, or 0")


def _days(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if not 1 <= value <= 36_500:
        raise InvalidValueError(field.name, value, "days such as 365")


@attrs.frozen(kw_only=True)
class Settings:
    """
    ``[effect]`` of ``crmkit.toml``.

    Attributes:
        margin_share: What is kept of a sale; without it profit is not measured.
        contact_cost_minor: What one treated customer costs, whether they answer or not. What an
            offer costs when it is taken stands in the offer.
        before_days: How far before the assignment customers are looked at, for CUPED and uplift.
    """

    margin_share: float | None = attrs.field(default=None, validator=_margin)
    contact_cost_minor: int = attrs.field(default=0, validator=_whole)
    before_days: int = attrs.field(default=365, validator=_days)
