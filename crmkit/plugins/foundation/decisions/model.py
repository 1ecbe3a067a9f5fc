"""Decisions, and what was weighed for them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

Arm = Literal["treatment", "control", "silence"]
Outcome = Literal["chosen", "vetoed", "outranked"]


@attrs.frozen(kw_only=True)
class Considered:
    """
    One candidate of a decision.

    Attributes:
        plugin: Who proposed it.
        what: The proposition; empty for silence.
        value: Expected, in minor units of the policy's currency.
        outcome: ``outranked`` candidates came after the chosen one; guards of contacts were not
            asked about them.
        vetoes: ``plugin: reason`` of every objection.
    """

    plugin: str
    what: str
    purpose: str
    channel: str
    value: float
    why: str
    outcome: Outcome
    vetoes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Decision:
    """
    What was decided for one customer in one run.

    Attributes:
        arm: ``treatment`` gets the offer, ``control`` would have got it and is measured against,
            ``silence`` is better left alone.
        what, purpose, channel, value: Of the chosen candidate; empty and 0 for silence.
        because: What the chosen candidate came from, each ``noun:id``.
        experiment: What the durable assignment to an arm belongs to: the policy's name.
        window_until: Purchases before this instant count towards the effect.
    """

    id: int
    run: str
    customer_id: int
    arm: Arm
    what: str
    purpose: str
    channel: str
    value: float
    currency: str
    why: str
    because: tuple[str, ...]
    considered: tuple[Considered, ...]
    experiment: str
    policy_version: int
    offer_id: int | None
    at: datetime
    window_until: datetime
    decided_by: str


@attrs.frozen(kw_only=True)
class Decided:
    """
    What a run came to.

    Attributes:
        already: Customers this run had decided on before; nothing was added for them.
        messages: Handed to delivery.
    """

    run: str
    policy_version: int
    treatment: int = 0
    control: int = 0
    silence: int = 0
    already: int = 0
    messages: int = 0

    @property
    def new(self) -> int:
        """Decisions that were added."""
        return self.treatment + self.control + self.silence

    def __str__(self) -> str:
        return (
            f"run {self.run} under policy {self.policy_version}: {self.treatment:,} offers, "
            f"{self.control:,} held out, {self.silence:,} left alone, {self.already:,} decided "
            "before"
        )


@attrs.frozen(kw_only=True)
class Learned:
    """
    What looking back came to.

    Attributes:
        accepted: Offers newly tied to the purchase that answered them.
    """

    until: datetime
    accepted: int
