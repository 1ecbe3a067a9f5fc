"""Settings: ``[clv]`` in ``crmkit.toml``."""

from __future__ import annotations

from math import inf
from typing import Any, Final

import attrs

from crmkit import InvalidValueError

MODELS: Final = ("bgnbd", "mbgnbd", "paretonbd")


def _model(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value not in MODELS:
        raise InvalidValueError(field.name, value, "one of " + ", ".join(MODELS))


def _regularity(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if type(value) is not int or not 1 <= value <= 20:
        raise InvalidValueError(field.name, value, "a whole number from 1 to 20")


def _days(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if not 1 <= value <= 36_500:
        raise InvalidValueError(field.name, value, "a number of days from 1 to 36500")


def _margin(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 < value <= 1:
        raise InvalidValueError(field.name, value, "a share such as 0.3 for 30 %")


def _discount(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 <= value < inf:
        raise InvalidValueError(field.name, value, "a share such as 0.1 for 10 %, or 0")


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        model: How purchases come and stop: ``bgnbd`` (may leave after each repeat purchase),
            ``mbgnbd`` (after the first one too) or ``paretonbd`` (at any moment).
        regularity: How regular purchases come, for the first two models: the Erlang order k of the
            time between them. 1 is without memory; with 2 or more the models are BG/CNBD-k and
            MBG/CNBD-k, for those who buy by a rhythm.
        horizon_days: How far ahead purchases count.
        margin_share: What is kept of a sale; 1 means the value is spend, not margin.
        yearly_discount_share: A sale in a year is worth 1 / (1 + share) of one today.
    """

    model: str = attrs.field(default="bgnbd", validator=_model)
    regularity: int = attrs.field(default=1, validator=_regularity)
    horizon_days: int = attrs.field(default=365, validator=_days)
    margin_share: float = attrs.field(default=1.0, validator=_margin)
    yearly_discount_share: float = attrs.field(default=0.1, validator=_discount)

    def __attrs_post_init__(self) -> None:
        if self.model == "paretonbd" and self.regularity != 1:
            raise InvalidValueError("regularity", self.regularity, "1 with the model paretonbd")
