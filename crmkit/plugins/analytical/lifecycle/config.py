"""Settings: ``[lifecycle]`` in ``crmkit.toml``."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit import InvalidValueError


def _days(_: object, field: attrs.Attribute[Any], value: int) -> None:
    if not 1 <= value <= 36_500:
        raise InvalidValueError(field.name, value, "a number of days from 1 to 36500")


def _share(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 <= value < 1:
        raise InvalidValueError(field.name, value, "a share such as 0.3 for 30 %, below 1")


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        new_days: For how long after their first order somebody is new.
        lapsed_days: After how many days without an order a customer has lapsed.
        referral_share: How much of a referred customer's worth is owed to who sent them.
        value_scorer: The score that says what a customer is worth, in minor units.
    """

    new_days: int = attrs.field(default=90, validator=_days)
    lapsed_days: int = attrs.field(default=365, validator=_days)
    referral_share: float = attrs.field(default=0.3, validator=_share)
    value_scorer: str = "clv"
