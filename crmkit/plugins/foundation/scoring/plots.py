"""Pictures of scores."""

from __future__ import annotations

from crmkit.svg import Axis, Series, line_chart

from .model import Backtest

SHARE = Axis(label="share of the customers, highest valued first", low=0, high=1)


def gains(found: Backtest) -> str:
    """How much of what came the highest valued brought, against no ranking at all."""
    reached, share = [0.0], [0.0]
    customers = 0
    for each in found.deciles:
        customers += each.customers
        reached.append(customers / found.customers)
        share.append(min(1.0, share[-1] + each.share))
    return line_chart(
        f"{found.scorer}: what came from whom it ranked first",
        [
            Series(label="by the score", x=reached, y=share),
            Series(label="without a ranking", x=[0, 1], y=[0, 1], style="dashed"),
        ],
        x=SHARE,
        y=Axis(label="share of what came", low=0, high=1),
        note=f"Fitted before {found.cut:%Y-%m-%d}; what came until {found.until:%Y-%m-%d}, "
        f"{found.customers:,} customers",
    )
