"""A relationship policy: for what, to whom, how often and when we may turn to customers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Final, Literal

import attrs

PurposeKind = Literal["marketing", "service"]
DirectionName = Literal["acquire", "grow", "retain", "advocate"]

BASES: Final = (
    "consent",
    "contract",
    "legitimate_interest",
    "legal_obligation",
    "vital_interest",
    "public_task",
)
"""The six lawful bases of GDPR Article 6(1)."""
MARKETING_BASES: Final = ("consent", "legitimate_interest")
"""Those a marketing purpose can rest on: the bases a person's objection or withdrawal ends."""


@attrs.frozen(kw_only=True)
class Purpose:
    """
    What we may turn to a customer for.

    Attributes:
        kind: ``marketing`` is bound by all limits and quiet hours, ``service`` by its own limits.
        lawful_bases: Any one of them, standing for the person, suffices.
        channels: Names of the channels that may carry it.
    """

    name: str
    summary: str
    kind: PurposeKind
    lawful_bases: tuple[str, ...]
    channels: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Limit:
    """
    At most so many messages to one customer within so many days.

    Attributes:
        purpose: Counts and binds this purpose alone; empty counts messages of every purpose and
            binds marketing.
    """

    at_most: int
    days: int
    purpose: str = ""

    def __str__(self) -> str:
        what = f" for {self.purpose}" if self.purpose else ""
        return f"at most {self.at_most} per {self.days} days{what}"


@attrs.frozen(kw_only=True)
class QuietHours:
    """
    When marketing stays silent, by the recipient's clock. Half-open; may span midnight.

    Attributes:
        unknown_zone: Where a customer without a time zone may be; it is quiet for them when it is
            quiet in any of these.
    """

    since: time
    until: time
    unknown_zone: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Direction:
    """Where a relationship should go: *for_whom* is a segment's name or a condition in words."""

    direction: DirectionName
    for_whom: str
    objective: str


@attrs.frozen(kw_only=True)
class OfferRule:
    """
    What to propose to the members of a segment.

    Attributes:
        value_minor: Expected value to us per offer, in minor units of the policy's currency.
        cost_minor: What it costs us if it is taken.
    """

    segment: str
    what: str
    kind: str
    purpose: str
    channel: str
    value_minor: int
    cost_minor: int
    valid_days: int
    why: str


@attrs.frozen(kw_only=True)
class Policy:
    """
    One version of the relationship policy.

    Attributes:
        version: 1 for the first that was adopted; 0 when it was only checked.
        currency: In which value is weighed.
        promises: What we promise customers, in sentences.
        holdout_share: Share of customers, in [0, 1), kept without offers to measure by.
        offer_window_days: How long after a decision a purchase counts towards its effect.
        max_offer_cost_minor: The most one offer may cost us, in minor units of *currency*, whoever
            makes it; None does not limit it.
        text: The TOML it was read from.
    """

    name: str
    currency: str
    purposes: Mapping[str, Purpose] = attrs.field(hash=False)
    promises: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    quiet_hours: QuietHours | None = None
    directions: tuple[Direction, ...] = ()
    offers: tuple[OfferRule, ...] = ()
    holdout_share: float
    offer_window_days: int
    max_offer_cost_minor: int | None = None
    version: int = 0
    text: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class Adoption:
    """One line of the policy's history."""

    version: int
    name: str
    sha256: str
    adopted_at: datetime
    adopted_by: str
