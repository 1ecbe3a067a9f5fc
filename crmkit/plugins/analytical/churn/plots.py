"""Pictures of staying and leaving."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.svg import Axis, Series, heat_map, line_chart

from .model import Cohort, Curve

MOST = 24
"""Months that fit side by side; the latest ones are shown."""


def retention(curve: Curve) -> str:
    """The staircase of those who stay, with its band."""
    series = Series(
        x=[0.0, *curve.times],
        y=[1.0, *curve.survival],
        low=[1.0, *curve.low],
        high=[1.0, *curve.high],
        style="step",
    )
    return line_chart(
        "How long customers stay",
        [series],
        x=Axis(label="days under contract", low=0),
        y=Axis(label="share who are still there", low=0, high=1),
        note="Kaplan and Meier, with 95 % bounds by Greenwood",
    )


def cohorts(found: Sequence[Cohort]) -> str:
    """One row per month of first order; darker where more of them ordered again."""
    shown = list(found)[-MOST:]
    width = min(MOST, max(len(each.active) for each in shown))
    rows = [
        [each.retention[age] if age < len(each.active) else None for age in range(1, width)]
        for each in shown
    ]
    return heat_map(
        "Who ordered again, by the month of the first order",
        [f"{each.month // 100}-{each.month % 100:02} ({each.active[0]:,})" for each in shown],
        [str(age) for age in range(1, width)],
        rows,
        row_label="first order",
        column_label="months later",
        show=lambda share: f"{share:.0%}",
    )
