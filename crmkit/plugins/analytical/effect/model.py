"""What is measured, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import attrs

NOT_CAUSAL: Final = "a rule for sharing credit; not causal"
"""Said wherever attributed credit is shown."""


@attrs.frozen(kw_only=True)
class Difference:
    """
    Treated less control, with an interval.

    Attributes:
        value, low, high: In the unit of the outcome, per customer.
        p_value: Two-sided, of no difference.
        treated, control: Customers in each arm.
        level: Coverage of the interval, .95 unless asked otherwise.
        method: How the interval was made.
        variance_reduction: Share of the variance a covariate took away; 0 without one.
    """

    value: float
    low: float
    high: float
    p_value: float
    treated: int
    control: int
    level: float = 0.95
    method: str = "Welch"
    variance_reduction: float = 0.0

    @property
    def total(self) -> tuple[float, float, float]:
        """Value, low and high for all treated customers together."""
        return self.value * self.treated, self.low * self.treated, self.high * self.treated


@attrs.frozen(kw_only=True)
class SampleRatio:
    """
    Whether the arms are as large as the design said.

    Attributes:
        statistic: Pearson's chi-square with one degree of freedom per arm less one.
        broken: The split is too unlikely to trust any difference between the arms.
    """

    statistic: float
    p_value: float
    broken: bool


@attrs.frozen(kw_only=True)
class Band:
    """
    One slice of customers by predicted uplift, the highest first.

    Attributes:
        measured: None where an arm is too thin in it.
    """

    rank: int
    customers: int
    predicted: float
    measured: Difference | None


@attrs.frozen(kw_only=True)
class Persuadable:
    """
    How well predicted uplift sorts the customers of a run, each predicted by others.

    Attributes:
        qini, auuc: Normalised coefficients: 0 no better than chance, 1 perfect; None where the
            outcome is not 0 or 1.
        curve: The Qini curve as two arrays, customers and incremental outcome.
    """

    run: str
    qini: float | None
    auuc: float | None
    bands: tuple[Band, ...]
    curve: tuple[Any, Any] = attrs.field(eq=False, repr=False)


@attrs.frozen(kw_only=True)
class Design:
    """
    How a run is looked at.

    Attributes:
        metric: See :class:`Measurement`.
        window_days: Count only so many days after the decision; None the whole window.
        cuped: Take off what was different in the same metric before the assignment.
        sequential: An interval that holds although one looks again and again.
        by: Prefix of segments; the effect in each, by where customers were at the decision.
    """

    metric: str = "revenue"
    window_days: int | None = None
    cuped: bool = False
    sequential: bool = False
    by: str = ""


@attrs.frozen(kw_only=True)
class Measurement:
    """
    What the offers of a run changed.

    Attributes:
        metric: ``revenue`` or ``profit`` in minor units of *currency*; ``orders``, their number;
            ``buyers``, the share who ordered; or a kind of interaction, the share who had one.
        difference: Per customer; None when there is not enough data to say.
        reason: Why there is no difference.
        treated, held_out: Customers in each arm.
        treated_total, held_out_total: Sum of the metric over each arm.
        segment: Among whom; empty for all.
        flags: What makes the figure doubtful, a sentence each; empty when nothing does.
        until: What happened before this instant was counted.
        is_complete: Whether every window had ended by then.
        id: 0 until stored.
    """

    run: str
    metric: str
    currency: str
    treated: int
    held_out: int
    treated_total: float
    held_out_total: float
    difference: Difference | None
    reason: str = ""
    segment: str = ""
    flags: tuple[str, ...] = ()
    policy_version: int
    until: datetime
    is_complete: bool
    measured_at: datetime
    actor: str = ""
    id: int = 0


@attrs.frozen(kw_only=True)
class Credit:
    """
    The share of conversions each channel is given by each rule. None of them is causal.

    Attributes:
        shares: By rule, then by channel; each rule's shares add up to 1.
    """

    paths: int
    conversions: int
    shares: Mapping[str, Mapping[str, float]] = attrs.field(hash=False)
    note: str = NOT_CAUSAL
