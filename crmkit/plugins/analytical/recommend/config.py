"""Settings: ``[recommend]`` in ``crmkit.toml``."""

from __future__ import annotations

from typing import Any, Final

import attrs

from crmkit import InvalidValueError

PLAIN: Final = ("sar", "cosine", "ease", "popular")
MODELS: Final = (*PLAIN, "als")
"""Of which ``als`` needs the extra ``reco``."""


def _model(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value not in MODELS:
        raise InvalidValueError(field.name, value, "one of " + ", ".join(MODELS))


def _between(least: float, most: float, accepted: str) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: float) -> None:
        if not least <= value <= most:
            raise InvalidValueError(field.name, value, accepted)

    return check


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        purpose, channel: Of the policy, and the one that carries offers; nothing is offered to
            anybody while the purpose is empty.
        model: How items go together: ``sar`` (what is recent counts more), ``cosine``, ``ease``
            (up to 5,000 items), ``popular`` (the same for all), or ``als``, for large catalogues,
            with the extra ``reco``.
        neighbours: How many items are kept beside each.
        half_life_days: After how long what somebody bought counts half, for ``sar``.
        regularisation: Of ``ease``.
        factors: Of ``als``.
        max_items: The most bought so many are learnt from.
        history_days: How far back purchases count.
        rerun_days: A cycle learns again when the last time was that long ago.
        offers: At most so many for one customer at a time.
        valid_days: How long an offer holds.
        margin_share: What is left of a sale, for the value of an offer.
        repeat_share: An item that at least this share of its buyers bought on another day too may
            be offered to who has it already.
        repeat_days: But not before so many days have passed.
    """

    purpose: str = ""
    channel: str = "email"
    model: str = attrs.field(default="sar", validator=_model)
    neighbours: int = attrs.field(default=50, validator=_between(1, 1_000, "1 to 1000"))
    half_life_days: float = attrs.field(default=90.0, validator=_between(1, 36_500, "days from 1"))
    regularisation: float = attrs.field(default=200.0, validator=_between(1e-6, 1e9, "above 0"))
    factors: int = attrs.field(default=64, validator=_between(1, 1_000, "1 to 1000"))
    max_items: int = attrs.field(default=5_000, validator=_between(2, 1_000_000, "2 or more"))
    history_days: int = attrs.field(default=730, validator=_between(1, 36_500, "days from 1"))
    rerun_days: int = attrs.field(default=7, validator=_between(0, 36_500, "days from 0"))
    offers: int = attrs.field(default=1, validator=_between(1, 20, "1 to 20"))
    valid_days: int = attrs.field(default=30, validator=_between(1, 3_650, "days from 1"))
    margin_share: float = attrs.field(default=0.3, validator=_between(0, 1, "a share"))
    repeat_share: float = attrs.field(default=0.4, validator=_between(0, 1, "a share"))
    repeat_days: int = attrs.field(default=30, validator=_between(0, 36_500, "days from 0"))
