"""Pictures of uplift."""

from __future__ import annotations

from crmkit.svg import Axis, Series, line_chart

from .model import Persuadable

MOST_POINTS = 500


def qini_chart(found: Persuadable) -> str:
    """The Qini curve beside what a random order would bring."""
    x, y = found.curve
    step = max(1, len(x) // MOST_POINTS)
    xs, ys = [*x[:-1:step].tolist(), float(x[-1])], [*y[:-1:step].tolist(), float(y[-1])]
    chance = Series(label="random order", x=[0.0, xs[-1]], y=[0.0, ys[-1]], style="dashed")
    return line_chart(
        f"Who was persuadable in run {found.run}",
        [Series(label="by predicted uplift", x=xs, y=ys), chance],
        x=Axis(label="customers, the most persuadable first"),
        y=Axis(label="additional buyers"),
    )
