"""Settings: ``[churn]`` in ``crmkit.toml``."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit import InvalidValueError


def _share(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 < value < 1:
        raise InvalidValueError(field.name, value, "a share such as 0.5, above 0 and below 1")


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        at_risk: From which risk on somebody is in ``churn.at_risk``.
        lost: From which on in ``churn.lost`` instead.
    """

    at_risk: float = attrs.field(default=0.5, validator=_share)
    lost: float = attrs.field(default=0.9, validator=_share)

    def __attrs_post_init__(self) -> None:
        if self.lost <= self.at_risk:
            raise InvalidValueError("lost", self.lost, f"a share above at_risk, {self.at_risk:g}")
