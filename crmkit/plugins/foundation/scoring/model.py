"""A run of a scorer, a score, and a membership in a segment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

import attrs

Mode = Literal["full", "incremental"]
RunState = Literal["done", "refused"]


@attrs.frozen(kw_only=True)
class Run:
    """
    One run of one scorer.

    Attributes:
        state: ``refused`` when the scorer said its data is too thin, and *reason* why.
        base: What a customer without any reason scores.
        parameters: What the scorer learned from all customers; empty on an incremental run.
        fitted_by: The full run whose parameters were used.
        customers: How many were scored.
        changed: How many scores were written or removed.
        id: 0 when no customer was due, so that nothing was recorded.
    """

    scorer: str
    version: str
    mode: Mode
    state: RunState = "done"
    reason: str = ""
    as_of: datetime
    horizon_days: int | None = None
    base: float = 0.0
    parameters: Mapping[str, object] = attrs.field(factory=dict, hash=False)
    fitted_by: int = 0
    customers: int = 0
    changed: int = 0
    started_at: datetime
    finished_at: datetime
    actor: str
    id: int = 0


@attrs.frozen(kw_only=True)
class Score:
    """
    The current score of one customer by one scorer.

    Attributes:
        low, high: Bounds of a 95 % interval.
        reasons: Contributions by name; *base* plus all of them is *value*.
        run_id: The run that last changed it; later runs have confirmed it.
        as_of: The instant that run looked from.
    """

    customer_id: int
    scorer: str
    version: str
    value: float
    low: float | None = None
    high: float | None = None
    label: str | None = None
    base: float
    reasons: Mapping[str, float] = attrs.field(hash=False)
    run_id: int
    as_of: datetime
    horizon_days: int | None = None


@attrs.frozen
class Movement:
    """Who joined and left a segment on a day (UTC), and how many were in it at its end."""

    day: date
    joined: int
    left: int
    members: int


@attrs.frozen(kw_only=True)
class Membership:
    """
    A customer's time in a segment, half-open; *until* is None while it lasts.

    Attributes:
        why: Why they came in.
        ended_why: Why they left; empty while it lasts.
    """

    customer_id: int
    segment: str
    since: datetime
    why: str
    until: datetime | None = None
    ended_why: str = ""


@attrs.frozen(kw_only=True)
class Decile:
    """
    A tenth of the customers, by what was foretold of them; 1 is the highest.

    Attributes:
        foretold, came: Means per customer.
        share: Of all that came, in [0, 1].
        lift: Mean that came, by the mean of everybody.
    """

    decile: int
    customers: int
    foretold: float
    came: float
    share: float
    lift: float


@attrs.frozen(kw_only=True)
class Rival:
    """
    One way to foretell, measured; None where a measure means nothing for it.

    Attributes:
        name: ``model``; ``before``, what came in a time of equal length before the cut; ``mean``,
            the mean of that time for everybody.
        total: Sum of what was foretold.
        top_share: Share of what came that the top tenth by this ranking brought.
    """

    name: str
    total: float | None = None
    absolute_error: float | None = None
    squared_error: float | None = None
    rank_correlation: float | None = None
    top_share: float | None = None
    area_under_curve: float | None = None
    log_loss: float | None = None
    calibration_error: float | None = None


@attrs.frozen(kw_only=True)
class Backtest:
    """
    A scorer, fitted on what was known before *cut*, against what came until *until*.

    Attributes:
        foretells: As the scorer says; empty where it is judged in a way of its own.
        customers: Who could be scored at the cut, and have an outcome where that is not everybody.
        came: Sum of the outcome over them; *happened*, to how many of them it was above 0.
        best_top_share: The top share of a ranking that knew what would come.
        rivals: The model first, and what it is held against.
        judged, tenths: Instead of *rivals* and *deciles*, the two tables of the scorer's own way.
    """

    scorer: str
    version: str
    foretells: str
    cut: datetime
    until: datetime
    customers: int
    came: float
    happened: int
    best_top_share: float
    rivals: tuple[Rival, ...] = ()
    deciles: tuple[Decile, ...] = ()
    judged: tuple[Mapping[str, float | str | None], ...] = attrs.field(default=(), hash=False)
    tenths: tuple[Mapping[str, float | str | None], ...] = attrs.field(default=(), hash=False)


@attrs.frozen(kw_only=True)
class SegmentRule:
    """
    One version of a segment that somebody defined.

    Attributes:
        rule: In the language of :mod:`.rules`; empty in the version that dropped it.
    """

    name: str
    version: int
    summary: str
    rule: str
    at: datetime
    actor: str


@attrs.frozen(kw_only=True)
class Preview:
    """
    Who a rule would hold now.

    Attributes:
        customers: How many, of *active* ones.
        sample: Some of them, by id, with why.
    """

    rule: str
    customers: int
    active: int
    sample: tuple[tuple[int, str], ...]


@attrs.frozen(kw_only=True)
class ScoreDifference:
    """
    One score in two segments.

    Attributes:
        difference: Mean of the first less that of the second, with a 95 % interval by the normal
            distribution; None where a segment has fewer than two scored customers.
        median_difference: The same of the medians, whatever the distribution.
    """

    scorer: str
    mean: float | None
    other_mean: float | None
    median: float | None
    other_median: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    median_difference: float | None = None
    median_low: float | None = None
    median_high: float | None = None


@attrs.frozen(kw_only=True)
class SegmentComparison:
    """
    Two segments as they are now.

    Attributes:
        both: How many customers are in both; *jaccard*, as a share of those in either.
        moved: How many who are in the second now left the first before; *moved_back* the other way.
    """

    segment: str
    other: str
    customers: int
    other_customers: int
    both: int
    jaccard: float | None
    moved: int
    moved_back: int
    scores: tuple[ScoreDifference, ...]
