"""Pictures of lifetime value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmkit.svg import Axis, Series, line_chart, scatter

from .model import Standing

if TYPE_CHECKING:
    from .scoring.tracking import Tracking


def standings(found: Sequence[Standing]) -> str:
    """Everybody: whether they are still a customer against what they will be worth."""
    points = Series(
        x=[each.p_alive for each in found],
        y=[each.worth_minor for each in found],
    )
    return scatter(
        "What customers will be worth, and whether they are still there",
        [points],
        x=Axis(label="chance to buy again", low=0, high=1),
        y=Axis(label="expected margin, in minor units", low=0),
        note="below right: loyal and small; above left: worth a call before they are gone",
    )


def tracking(found: Tracking) -> str:
    """Repeat purchases so far, as expected and as they came."""
    weeks = found.until.tolist()
    return line_chart(
        "Repeat purchases, expected and actual",
        [
            Series(label="actual", x=weeks, y=found.actual.tolist()),
            Series(label="expected", x=weeks, y=found.expected.tolist(), style="dashed"),
        ],
        x=Axis(label="weeks since the first customer", low=0),
        y=Axis(label="repeat purchases so far", low=0),
        note=f"the model saw the first {found.calibrated_until:.0f} weeks",
    )
