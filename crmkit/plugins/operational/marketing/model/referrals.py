"""Referral programmes, and who sent whom by their codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from crmkit import InvalidValueError, Money

from .campaigns import identifier, words

Outcome = Literal["waiting", "granted", "refused", "taken back"]
LONGEST_DAYS = 3_650


def _whole(least: int, most: int, accepted: str) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: int) -> None:
        if type(value) is not int or not least <= value <= most:
            raise InvalidValueError(field.name, value, accepted)

    return check


_amount = _whole(0, 10**12, "a whole number, 0 or more")
_days = _whole(1, LONGEST_DAYS, f"1 to {LONGEST_DAYS} days")


@attrs.frozen(kw_only=True)
class Reward:
    """
    What one side of a referral gets: an offer, or points; nothing where both are empty.

    Attributes:
        what: The offer, in the customer's words.
        cost_minor: What the offer costs if it is taken, in the currency of the settings.
        points: Of billing's ledger, which has to be enabled.
    """

    what: str = attrs.field(default="", validator=words(500, empty=True))
    cost_minor: int = attrs.field(default=0, validator=_amount)
    points: int = attrs.field(default=0, validator=_amount)

    def __attrs_post_init__(self) -> None:
        if self.what and self.points:
            raise InvalidValueError("points", self.points, "0 where an offer is given, or no offer")
        if self.cost_minor and not self.what:
            raise InvalidValueError("cost_minor", self.cost_minor, "0 where no offer is given")


@attrs.frozen(kw_only=True)
class Programme:
    """
    What who refers and who is referred get, and when.

    Attributes:
        least: What the first purchase has to come to; None for anything above nothing.
        window_days: How long after the referral the first purchase may come.
        limit: How many referrals are rewarded to one who refers; 0 for any number.
        return_days: How long after the purchase what goes back takes the reward back.
        status: ``closed`` takes no referrals any more; those it took are still rewarded.
        version: Goes up by one with every change; referrals keep the terms they were made under.
        id: 0 until stored.
    """

    name: str = attrs.field(validator=identifier)
    referrer: Reward = attrs.field(factory=Reward)
    referred: Reward = attrs.field(factory=Reward)
    least: Money | None = None
    window_days: int = attrs.field(default=90, validator=_days)
    limit: int = attrs.field(default=10, validator=_amount)
    return_days: int = attrs.field(
        default=30, validator=_whole(0, LONGEST_DAYS, f"0 to {LONGEST_DAYS} days")
    )
    status: Literal["open", "closed"] = "open"
    version: int = 0
    id: int = 0

    def __attrs_post_init__(self) -> None:
        if not any(each.what or each.points for each in self.rewards.values()):
            raise InvalidValueError("referrer", "", "a reward for one side at least")
        if self.status not in ("open", "closed"):
            raise InvalidValueError("status", self.status, "open or closed")

    @property
    def rewards(self) -> Mapping[str, Reward]:
        return {"referrer": self.referrer, "referred": self.referred}

    @property
    def gives_points(self) -> bool:
        return any(each.points for each in self.rewards.values())


@attrs.frozen(kw_only=True)
class Referral:
    """
    One customer whom another sent with a code.

    Attributes:
        terms: The programme as it was.
        status: ``waiting`` for the first purchase, ``granted``, ``refused``, or ``taken back``.
        why: What settled it, one sentence.
        purchase_id: The first purchase.
        watched_until: Until when a first purchase is waited for; then, until when what goes back
            takes the reward back.
        referrer_offer_id, referrer_points: What who referred got.
        referred_offer_id, referred_points: What who was referred got.
    """

    referred_id: int
    referrer_id: int
    terms: Programme
    at: datetime
    status: Outcome = "waiting"
    why: str = ""
    purchase_id: int | None = None
    watched_until: datetime
    settled_at: datetime | None = None
    referrer_offer_id: int | None = None
    referrer_points: int = 0
    referred_offer_id: int | None = None
    referred_points: int = 0


@attrs.frozen
class Settled:
    """
    What one look at the referrals came to.

    Attributes:
        last: After which the next look goes on; 0 when all were looked at.
    """

    granted: int = 0
    refused: int = 0
    taken_back: int = 0
    last: int = 0

    def __add__(self, other: Settled) -> Settled:
        return Settled(
            granted=self.granted + other.granted,
            refused=self.refused + other.refused,
            taken_back=self.taken_back + other.taken_back,
            last=other.last,
        )

    def __str__(self) -> str:
        return f"{self.granted:,} granted, {self.refused:,} refused, {self.taken_back:,} taken back"
