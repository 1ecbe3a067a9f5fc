"""How long customers stay, and who is on the way out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs


@attrs.frozen
class Ended:
    """The payload of ``contract.end``: why, in the customer's words."""

    reason: str = ""


@attrs.frozen(kw_only=True)
class Curve:
    """
    Share of customers who stay, by the time they have stayed; a staircase.

    Attributes:
        times: When somebody left, rising.
        at_risk, ended: How many were still there just before, and how many left then.
        survival: Share left after each time; *low* and *high* bound it at 95 %.
        hazard: Share of those still there who left then.
    """

    times: tuple[float, ...]
    at_risk: tuple[int, ...]
    ended: tuple[int, ...]
    survival: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    hazard: tuple[float, ...]


@attrs.frozen(kw_only=True)
class AtRisk:
    """
    Somebody who may be gone.

    Attributes:
        risk: That they will never come again, in [0, 1].
        away_days: Since the last order; *pause_days*, their usual time between order days.
        worth_minor: What they would be worth as a score ``clv`` says; None without one.
    """

    customer_id: int
    risk: float
    away_days: int
    pause_days: float | None
    worth_minor: float | None

    @property
    def pauses(self) -> float | None:
        """How many of their usual pauses they have been away."""
        return self.away_days / self.pause_days if self.pause_days else None


@attrs.frozen(kw_only=True)
class Leaving:
    """
    Somebody whose contract runs.

    Attributes:
        chance: That it ends within the horizon, in [0, 1]; *low* and *high* bound it at 95 %, None
            where the model gives no bounds.
        drivers: What moves it most from the average, by column, either way.
    """

    customer_id: int
    chance: float
    low: float | None
    high: float | None
    drivers: Mapping[str, float] = attrs.field(hash=False)


@attrs.frozen(kw_only=True)
class Cohort:
    """
    Customers by the month of their first order.

    Attributes:
        month: As 202601.
        active: How many ordered in that month, the first one, and each after it.
    """

    month: int
    active: tuple[int, ...]

    @property
    def retention(self) -> tuple[float, ...]:
        return tuple(each / self.active[0] for each in self.active)


@attrs.frozen(kw_only=True)
class Contract:
    """One customer's time under contract; *until* is None while it lasts."""

    customer_id: int
    since: datetime
    until: datetime | None
