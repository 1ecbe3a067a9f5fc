"""Objectives, referrals, and what the four directions cost and gained."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import attrs

DIRECTIONS: Final = ("acquire", "grow", "retain", "advocate")
NO_DIRECTION: Final = ""
"""Of entries made while the policy named no direction for the customer."""
Verdict = Literal["holds", "refuted", "open", "not enough data"]


@attrs.frozen(kw_only=True)
class Objective:
    """
    Where the policy wanted a customer's relation to go, half-open; *until* is None while it lasts.

    Attributes:
        segment: The segment for whom the policy says so.
        policy_version: The version of the policy that said so.
        ended_why: Why it ended; empty while it lasts.
    """

    customer_id: int
    direction: str
    objective: str
    segment: str
    policy_version: int
    since: datetime
    until: datetime | None = None
    ended_why: str = ""


@attrs.frozen(kw_only=True)
class Referral:
    """*referrer_id* sent *referred_id* to us; *interaction_id* is the record of it."""

    referrer_id: int
    referred_id: int
    at: datetime
    interaction_id: int


@attrs.frozen(kw_only=True)
class Sent:
    """The payload of ``referral.made``, which stands in the timeline of who sent somebody."""

    referred_id: int


@attrs.frozen(kw_only=True)
class Advocate:
    """
    A customer who sent others.

    Attributes:
        sent: How many they sent; *bought*, how many of these became buyers.
        own_minor: What they are worth by what they buy themselves.
        received_minor: What they are owed for those they sent, and those these sent.
        credited_minor: Own plus received less what they owe to who sent them; over all customers
            it adds up to what all are worth, so that nothing is counted twice.
    """

    customer_id: int
    sent: int
    bought: int
    own_minor: float
    received_minor: float
    credited_minor: float


@attrs.frozen(kw_only=True)
class Assigned:
    """What an assignment changed: objectives begun and ended, and who has none."""

    policy_version: int
    begun: int
    ended: int
    undirected: int

    def __str__(self) -> str:
        return (
            f"{self.begun:,} objectives begun and {self.ended:,} ended under version "
            f"{self.policy_version} of the policy; {self.undirected:,} customers without one"
        )


@attrs.frozen(kw_only=True)
class Ledger:
    """
    What one direction cost and gained in a period, in minor units of *currency*.

    Attributes:
        direction: Empty for what happened while the policy named none for the customer.
        customers: Who had an entry.
        gain_minor: Margin: revenue less returns and goods. Referral credit is moved to
            ``advocate`` from the direction in which it was earned.
        cost_minor: Discounts and cost to serve.
    """

    direction: str
    customers: int
    gain_minor: int
    cost_minor: int
    currency: str

    @property
    def net_minor(self) -> int:
        return self.gain_minor - self.cost_minor


@attrs.frozen(kw_only=True)
class CostPerHead:
    """
    What one customer who came, or stayed, cost.

    Attributes:
        customers: Whom something was wanted of, *heads* of whom did it.
        cost: Spent on all of them.
        each: Cost by head, and its standard *error*; nan where nobody came.
    """

    customers: int
    heads: int
    cost: float
    each: float
    error: float


@attrs.frozen(kw_only=True)
class Keeping:
    """
    Winning against keeping.

    Attributes:
        saved: How much less keeping one costs than winning one, with a 95 % interval.
        verdict: Of "keeping costs less than winning": ``open`` where the interval holds zero.
    """

    winning: CostPerHead
    keeping: CostPerHead
    saved: float
    saved_low: float
    saved_high: float
    verdict: Verdict


@attrs.frozen
class NetPromoter:
    """
    Attributes:
        value: In [-1, 1]; low and high bound its 95 % interval.
    """

    promoters: int
    passives: int
    detractors: int
    value: float
    low: float
    high: float

    @property
    def answers(self) -> int:
        return self.promoters + self.passives + self.detractors


@attrs.frozen(kw_only=True)
class Answer:
    """
    The payload of ``feedback.nps``: how likely they are to recommend us.

    Attributes:
        score: 0 to 10.
    """

    score: int = attrs.field(
        validator=[
            attrs.validators.instance_of(int),
            attrs.validators.ge(0),
            attrs.validators.le(10),
        ]
    )
