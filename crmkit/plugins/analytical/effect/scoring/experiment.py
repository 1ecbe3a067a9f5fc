"""From rows of customers to a measured effect."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..errors import InvalidDesignError, NotEnoughDataError
from ..model import Difference, Measurement, Persuadable
from . import qini
from .design import always_valid, holm, sample_ratio
from .differences import cuped, mean_difference, share_difference
from .learners import held_out_uplift

if TYPE_CHECKING:
    from crmkit import Unit

    from ..config import Settings
    from ..model import Design


def measured(
    rows: Sequence[Any], run: str, design: Design, settings: Settings, flags: Sequence[str],
    until: datetime, unit: Unit, *, segment: str = "",
) -> Measurement:  # fmt: skip
    """The effect among the customers of *rows*, or why it cannot be said."""
    arm = np.array([row.arm for row in rows], dtype=bool)
    values = np.array([_value(row, design.metric, settings) for row in rows], dtype=float)
    difference, reason = None, ""
    try:
        difference = _difference(rows, arm, values, design, settings)
    except NotEnoughDataError as exc:
        reason = str(exc)
    return Measurement(
        run=run,
        metric=design.metric,
        currency=rows[0].currency if rows else "",
        treated=int(arm.sum()),
        held_out=int((~arm).sum()),
        treated_total=float(values[arm].sum()),
        held_out_total=float(values[~arm].sum()),
        difference=difference,
        reason=reason,
        segment=segment,
        flags=tuple(flags),
        policy_version=max((row.policy_version for row in rows), default=0),
        until=until,
        is_complete=all(row.window_until <= until for row in rows),
        measured_at=unit.now,
        actor=unit.actor,
    )


def corrected(found: Sequence[Measurement]) -> list[Measurement]:
    """The same with p-values after Holm over those that have one."""
    told = [each for each in found if each.difference is not None]
    better = iter(holm([each.difference for each in told if each.difference is not None]))
    return [
        attrs.evolve(each, difference=next(better)) if each.difference is not None else each
        for each in found
    ]


def split_flag(treated: int, held_out: int, holdout_share: float) -> str:
    """A sentence when the split is not the one the policy asked for; empty otherwise."""
    if holdout_share == 0:
        return ""
    try:
        ratio = sample_ratio([treated, held_out], [1 - holdout_share, holdout_share])
    except NotEnoughDataError:
        return ""
    if not ratio.broken:
        return ""
    return (
        f"sample ratio mismatch: {held_out:,} of {treated + held_out:,} are held out where the "
        f"policy says {holdout_share:.1%} (p = {ratio.p_value:.2g}); do not trust the difference"
    )


def persuadable(run: str, rows: Sequence[Any]) -> Persuadable:
    """How well a T-learner on what customers did before sorts them, each predicted by others."""
    x = np.array(
        [(row.then_orders, row.then_revenue_minor, row.then_recency_days) for row in rows],
        dtype=float,
    ).reshape(-1, 3)
    t = np.array([row.arm for row in rows], dtype=float)
    y = np.array([row.revenue_minor for row in rows], dtype=float)
    bought = np.array([row.orders > 0 for row in rows], dtype=float)
    if min(t.sum(), len(t) - t.sum()) < 50:
        raise NotEnoughDataError(
            f"{int(t.sum()):,} treated and {int(len(t) - t.sum()):,} held out; telling customers "
            "apart needs 50 or more in each arm"
        )
    score = held_out_uplift(x, y, t)
    by_event = held_out_uplift(x, bought, t)
    coefficients: tuple[float | None, float | None] = None, None
    with suppress(NotEnoughDataError):
        coefficients = qini.qini_coefficient(bought, by_event, t), qini.auuc(bought, by_event, t)
    return Persuadable(
        run=run,
        qini=coefficients[0],
        auuc=coefficients[1],
        bands=qini.bands(y, score, t),
        curve=qini.qini_curve(bought, by_event, t),
    )


def _difference(
    rows: Sequence[Any], arm: Any, values: Any, design: Design, settings: Settings
) -> Difference:
    treated, control = values[arm], values[~arm]
    if design.cuped:
        before = np.array([_before(row, design.metric, settings) for row in rows], dtype=float)
        if not len(treated) or not len(control):
            return mean_difference(treated, control)
        assigned = max(row.assigned_at for row in rows)
        return cuped(
            treated, control, before[arm], before[~arm],
            measured_until=assigned, assigned_at=assigned,
        )  # fmt: skip
    if design.sequential:
        return always_valid(treated, control)
    if design.metric == "buyers" or "." in design.metric:
        return share_difference(int(treated.sum()), len(treated), int(control.sum()), len(control))
    return mean_difference(treated, control)


def _value(row: Any, metric: str, settings: Settings) -> float:
    match metric:
        case "revenue":
            return float(row.revenue_minor)
        case "profit":
            assert settings.margin_share is not None
            cost = row.offer_cost_minor + settings.contact_cost_minor * row.arm
            return float(row.revenue_minor * settings.margin_share - cost)
        case "orders":
            return float(row.orders)
        case "buyers":
            return float(row.orders > 0)
    return float(row.events > 0)


def _before(row: Any, metric: str, settings: Settings) -> float:
    """The metric before the assignment."""
    match metric:
        case "revenue" | "profit":
            return float(row.then_revenue_minor) * (settings.margin_share or 1.0)
        case "orders":
            return float(row.then_orders)
        case "buyers":
            return float(row.then_orders > 0)
    raise InvalidDesignError("cuped", metric, "revenue, profit, orders or buyers")
