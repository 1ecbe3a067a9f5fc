"""Pictures of profit."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.svg import Axis, Series, line_chart

from .scoring import whale_curve

POINTS = 400


def whale(profits_minor: Sequence[int], note: str) -> str:
    """The whale curve of these profits, whose sum is positive."""
    share, reached = whale_curve(profits_minor)
    step = max(1, len(share) // POINTS)
    x, y = [*share[::step], share[-1]], [*reached[::step], reached[-1]]
    return line_chart(
        "Who brings the profit",
        [
            Series(label="customers, the most profitable first", x=x, y=y),
            Series(label="all alike", x=[0, 1], y=[0, 1], style="dashed"),
        ],
        x=Axis(label="share of the customers", low=0, high=1),
        y=Axis(label="share of the profit, added up", low=0),
        note=note,
    )
