"""A run of a scorer, a score, and a membership in a segment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
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
