"""Settings: ``[churn]`` in ``crmkit.toml``."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from crmkit import InvalidValueError
from crmkit.plugins.foundation.scoring import Lesson


def _share(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 < value < 1:
        raise InvalidValueError(field.name, value, "a share such as 0.5, above 0 and below 1")


@attrs.frozen(kw_only=True)
class Contracts(Lesson):
    """
    From what it is learnt who will end a contract; see
    :class:`crmkit.plugins.foundation.scoring.Lesson`.

    Attributes:
        at_risk: From which chance on somebody is in ``churn.contract_at_risk``.
    """

    facts: ClassVar[tuple[str, ...]] = (
        "tenure_days", "renewals", "orders", "revenue_minor", "quiet_days",
    )  # fmt: skip

    event: str = attrs.field(default="contract.end", init=False)
    at_risk: float = attrs.field(default=0.3, validator=_share)


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        at_risk: From which risk on somebody is in ``churn.at_risk``.
        lost: From which on in ``churn.lost`` instead.
        contracts: Of the score ``contract_churn``.
    """

    at_risk: float = attrs.field(default=0.5, validator=_share)
    lost: float = attrs.field(default=0.9, validator=_share)
    contracts: Contracts = attrs.field(factory=Contracts)

    def __attrs_post_init__(self) -> None:
        if self.lost <= self.at_risk:
            raise InvalidValueError("lost", self.lost, f"a share above at_risk, {self.at_risk:g}")
